// The same instant on the reader's own clock, where it differs from the one that is written.
const time = document.querySelector("time[data-zone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (time && own && own !== time.dataset.zone) {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "short", timeZone: own });
  const here = document.getElementById("here");
  here.textContent = `On this device's clock: ${format.format(new Date(time.dateTime))} (${own})`;
  here.hidden = false;
}

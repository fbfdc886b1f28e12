// The same instant on the reader's own clock, where it differs from the one that is written; and all times on that clock.
const time = document.querySelector("time[data-zone]");
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (time && own && own !== time.dataset.zone) {
  const at = new Date(time.dateTime);
  const written = { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const here = document.getElementById("here");
  here.textContent = `${new Intl.DateTimeFormat(document.documentElement.lang.replace(/^en$/, "en-GB"), { ...written, timeZone: own }).format(at)} (${own})`;
  here.hidden = false;
  for (const link of document.querySelectorAll("a[data-zoned]")) link.search = `?zone=${encodeURIComponent(own)}`;
}

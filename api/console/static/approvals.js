// The approvals page: a live preview of an edit, who else has the draft open, the time left to undo, what is selected.
// What the server said is shown; nothing is concluded here.
const el = (id) => document.getElementById(id);
const ENDED = "Your session has ended. What you typed is still here: save it, and sign in again on the page that follows.";
const post = (url, fields) => fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });

const preview = el("preview");
if (preview) {
  const form = el("edit");
  let timer, latest = 0;
  const ask = async () => {
    const mine = ++latest;
    try {
      const answer = await post(preview.dataset.preview, new FormData(form));
      const text = answer.ok ? await answer.text() : "";
      if (mine !== latest) return; // something was typed since
      if (answer.ok) preview.innerHTML = text; // a part of our own pages, escaped there
      else preview.textContent = answer.type === "opaqueredirect" || answer.status === 401 ? ENDED : "The check did not work; saving checks it again.";
    } catch {
      if (mine === latest) preview.textContent = "The server cannot be reached. What you typed is still here.";
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 500);
  });
  ask();
}

const readers = el("readers");
if (readers) {
  const { reading, csrf, editing } = readers.dataset;
  const beat = async () => {
    if (document.hidden) return;
    const answer = await post(`${reading}/reading`, { csrf, editing: editing ? "true" : "false" }).catch(() => null);
    if (!answer?.ok) return;
    const { said } = await answer.json();
    if (readers.textContent !== said) readers.textContent = said;
    readers.hidden = !said;
  };
  beat();
  setInterval(beat, 15000);
  addEventListener("pagehide", () => navigator.sendBeacon(`${reading}/left`, new URLSearchParams({ csrf })));
}

// The seconds are counted from the server's clock, not from this machine's. Further off, the sentence beside says when.
document.querySelectorAll("[data-until]").forEach((place) => {
  const ends = performance.now() + (Date.parse(place.dataset.until) - Date.parse(place.dataset.now));
  const tick = () => {
    const left = Math.ceil((ends - performance.now()) / 1000);
    place.textContent = left > 600 ? "" : left > 0 ? `${left} s left to undo` : "due to leave";
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
});

// Escape leaves the reason, and the keys work again. Ctrl Enter saves from within a field.
const reject = el("reject");
reject?.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  reject.open = false;
  reject.querySelector("summary").focus();
});
el("edit")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
});
const queue = document.querySelector(".queue");
const current = queue?.querySelector("[aria-current]");
if (current && current.offsetTop + current.offsetHeight > queue.clientHeight) queue.scrollTop = current.offsetTop - queue.clientHeight / 2;

// What is selected outlives going to the next draft; it is forgotten once looked at.
const choose = el("choose");
if (choose) {
  const kept = new Set(JSON.parse(sessionStorage.getItem("chosen") ?? "[]"));
  const boxes = [...document.querySelectorAll('input[name="id"][form="choose"]')];
  const say = () => (el("chosen-count").textContent = boxes.filter((box) => box.checked).length ? `${boxes.filter((box) => box.checked).length} selected` : "");
  boxes.forEach((box) => {
    box.checked = kept.has(box.value);
    box.addEventListener("change", () => {
      kept[box.checked ? "add" : "delete"](box.value);
      sessionStorage.setItem("chosen", JSON.stringify([...kept]));
      say();
    });
  });
  choose.addEventListener("submit", () => sessionStorage.removeItem("chosen"));
  say();
}

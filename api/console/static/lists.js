// Lists by keyboard: j and k move from row to row, x ticks; Enter opens, because the row's link has the focus.
const rows = () => [...document.querySelectorAll("table[data-rows] tbody tr")];
const boxes = () => [...document.querySelectorAll('table[data-rows] input[name="id"]')];
const here = () => document.activeElement?.closest("table[data-rows] tbody tr");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
  const all = rows();
  if (!all.length || !["j", "k", "x"].includes(event.key)) return;
  const at = all.indexOf(here());
  if (event.key === "x") {
    all[at]?.querySelector('input[name="id"]')?.click();
    return;
  }
  const next = at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)));
  event.preventDefault();
  all[next].querySelector("a[data-open]").focus();
  all[next].scrollIntoView({ block: "nearest" });
});

const tell = () => {
  const count = document.querySelector("[data-chosen]");
  if (!count) return;
  const every = document.querySelector("[data-all-matching]")?.checked;
  count.textContent = every ? "all" : boxes().filter((box) => box.checked).length;
  document.getElementById("many-bar").classList.toggle("idle", count.textContent === "0");
  rows().forEach((row) => row.classList.toggle("ticked", Boolean(row.querySelector('input[name="id"]')?.checked)));
};
document.addEventListener("change", tell);
document.addEventListener("click", () => setTimeout(tell)); // "tick all" sets the others without an event of theirs
addEventListener("pageshow", tell);
tell();

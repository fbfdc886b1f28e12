// The day by keyboard: j and k choose a row; o opens its sum; other keys press what the row offers.
const rows = () => [...document.querySelectorAll("[data-row]")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input, textarea, select")) return;
  const all = rows();
  const at = all.indexOf(document.activeElement?.closest("[data-row]"));
  if (event.key === "j" || event.key === "k") {
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    next?.querySelector("a[data-open]").focus();
    next?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
    return;
  }
  const row = all[at];
  if (!row) return;
  if (event.key === "o") {
    const sum = row.querySelector("[data-sum]");
    sum.open = !sum.open;
  }
  const chosen = row.querySelector(`[data-act="${CSS.escape(event.key)}"]`);
  if (!chosen) return;
  event.preventDefault();
  if (chosen instanceof HTMLDetailsElement) {
    chosen.open = true;
    chosen.querySelector("input:not([type=hidden])").focus();
  } else if (chosen.dataset.twice !== undefined) {
    chosen.querySelector("button").focus(); // it cannot be undone: Enter says that it is meant
  } else {
    chosen.requestSubmit();
  }
});

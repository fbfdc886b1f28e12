// Duplicates by keyboard: j and k choose a pair; m merges it, x says that they are two.
const pairs = () => [...document.querySelectorAll("[data-pair]")];

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input:not([type=radio]), textarea, select")) return;
  const all = pairs();
  const at = all.indexOf(document.activeElement?.closest("[data-pair]"));
  if (event.key === "j" || event.key === "k") {
    const next = all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    next?.querySelector("a[data-open]").focus();
    next?.scrollIntoView({ block: "nearest" });
    event.preventDefault();
    return;
  }
  all[at]?.querySelector(`button[data-act="${CSS.escape(event.key)}"]`)?.click();
});

// Keys and small manners of the console. Every key presses something that is on the page: nothing is done here that the
// page cannot do without this file, and nothing shows as done before the server answered.
//   data-key="a"   on a link, button, form, field or details: that key presses, sends, enters or opens it
//   data-go="l"    on a link of the rail: "g", then that key, goes there
const find = (id) => document.getElementById(id);
const open = (element) => !element.closest("dialog:not([open])") && element.checkVisibility();
const keyed = (name, key) => [...document.querySelectorAll(`[data-${name}]`)].find((e) => e.dataset[name] === key && (name === "go" || open(e)));

const act = (element) => {
  if (element instanceof HTMLFormElement) {
    if (!element.querySelector("button:disabled")) element.requestSubmit();
  } else if (element instanceof HTMLDetailsElement) {
    element.open = true;
    element.querySelector("input:not([type=hidden]), textarea, select")?.focus();
  } else if (element.matches("input:not([type=checkbox]), textarea, select")) {
    element.focus();
  } else {
    element.click();
  }
};

let going = 0; // until when a second key means a place
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  if (event.key === "Escape" && typing) {
    typing.blur();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || document.querySelector("dialog[open]")) return;
  if (event.key === "g") {
    going = Date.now() + 1500;
    return;
  }
  const element = Date.now() < going ? keyed("go", event.key) : keyed("key", event.key);
  going = 0;
  if (element) {
    event.preventDefault();
    act(element);
  } else if (event.key === "?") {
    find("help")?.showModal();
  }
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-opens]");
  if (opener) find(opener.dataset.opens)?.showModal();
  const menu = event.target.closest?.(".menu");
  if (menu) menu.setAttribute("aria-expanded", String(menu.closest(".rail").classList.toggle("open")));
  // "all" checks every box of its table.
  const all = event.target.closest?.("[data-checks]");
  if (all) document.querySelectorAll(`input[name="${all.dataset.checks}"]`).forEach((box) => (box.checked = all.checked));
});

// A filter that changes shows its result at once, where the page says so.
document.addEventListener("change", (event) => {
  if (event.target.form?.hasAttribute("data-live") && !event.target.form.hasAttribute("hx-get")) event.target.form.requestSubmit();
});

// One press, one request.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (event.target.method === "post" && !event.target.hasAttribute("hx-post")) event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));

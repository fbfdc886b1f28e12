// Keys for the console. Every key presses a link or a form that is on the page: nothing is done here that the page
// cannot do without this file, and nothing shows as done before the server answered.
const find = (id) => document.getElementById(id);
const press = (id) => find(id)?.click();
const submit = (id) => {
  const form = find(id);
  if (form && !form.querySelector("button:disabled")) form.requestSubmit();
};
const reject = () => {
  const details = find("reject");
  if (!details) return;
  details.open = true;
  details.querySelector("input[name=reason]").focus();
};
const help = () => find("help")?.showModal();
const keys = {
  j: () => press("next"),
  k: () => press("previous"),
  a: () => submit("approve"),
  e: () => press("to-edit"),
  r: reject,
  u: () => submit("undo"),
  "?": help,
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && typing) {
    typing.blur();
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || find("help")?.open) return;
  const action = keys[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

find("help-button")?.addEventListener("click", help);

// One press, one request.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (event.target.method === "post") event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form").forEach((form) => delete form.dataset.sent));

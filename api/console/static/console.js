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

// While editing: what the gate would say, half a second after the last key.
const check = find("check");
if (check?.dataset.url) {
  const form = find("edit");
  let timer;
  let asked = 0;
  const show = (problems) => {
    check.replaceChildren();
    check.className = problems.length ? "notice bad" : "notice good";
    const list = document.createElement("ul");
    for (const problem of problems) {
      const line = document.createElement("li");
      line.textContent = problem.excerpt ? `${problem.message} “${problem.excerpt}”` : problem.message;
      list.append(line);
    }
    check.append(problems.length ? list : "The gate would let this pass.");
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++asked;
      const answer = await fetch(check.dataset.url, { method: "POST", body: new FormData(form) });
      if (turn === asked && answer.ok) show((await answer.json()).problems);
    }, 500);
  });
}

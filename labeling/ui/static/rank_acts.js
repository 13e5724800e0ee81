// What can be done on the Rank page, each act under a name with its key: addAct("tie", "0", () => vote("tie")).
// A button with data-act="tie" does it too, and an element with data-hint="tie" shows its key.

const SHORTCUTS = "plumbline.shortcuts";
const { t, number } = plumbline;

const page = element.querySelector(".rank");
const at = (selector) => page.querySelector(selector);
const all = (selector) => [...page.querySelectorAll(selector)];
const slot = (name) => at(`[data-text="${name}"]`);
const say = (name, text) => { slot(name).textContent = text; };

const acts = new Map(); // name: { key, run }

function addAct(name, key, run) {
  acts.set(name, { key, run });
}

function act(name) {
  acts.get(name).run();
}

// The act whose key this is, or null. A held key acts once.
function actOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null;
  const found = (key) => [...acts].find(([, one]) => one.key === key)?.[0] ?? null;
  const onShiftedDigits = !event.shiftKey && /^Digit\d$/.test(event.code) ? found(event.code.slice(5)) : null;
  return found(event.key.toLowerCase()) ?? onShiftedDigits; // on some layouts a digit takes shift
}

document.addEventListener("keydown", (event) => {
  const elsewhere = event.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
  const name = elsewhere || !page.isConnected ? null : actOf(event);
  if (name === null || (name !== "help" && !at("[name=keys]").checked)) return;
  event.preventDefault();
  act(name);
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button && event.detail < 2) act(button.dataset.act); // the second half of a double click is no vote
});

function drawHints() {
  for (const hint of all("[data-hint]")) hint.textContent = acts.get(hint.dataset.hint).key.toUpperCase();
  for (const button of all("[data-act]")) button.setAttribute("aria-keyshortcuts", acts.get(button.dataset.act).key.toUpperCase());
}

at("[name=keys]").checked = storage?.getItem(SHORTCUTS) !== "off";
at("[name=keys]").addEventListener("change", ({ target }) => storage?.setItem(SHORTCUTS, target.checked ? "on" : "off"));

at("[name=language]").replaceChildren(...plumbline.languages.map(([code, name]) => new Option(name, code)));
at("[name=language]").addEventListener("change", ({ target }) => plumbline.choose(target.value));

addAct("help", "?", () => at("dialog.help").showModal());

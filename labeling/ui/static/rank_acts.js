// What can be done on the Rank page, each act under a name with its key: addAct("tie", "0", () => vote("tie")).
// A button with data-act="tie" does it too, and an element with data-hint="tie" shows its key.

const { t, number } = plumbline;

const page = element.querySelector(".rank");
const at = (selector) => page.querySelector(selector);
const all = (selector) => [...page.querySelectorAll(selector)];
const slot = (name) => at(`[data-text="${name}"]`);
const say = (name, text) => { slot(name).textContent = text; };

const acts = new Map(); // name: { key, run }, with the key that it has unless the labeler gave it another

function addAct(name, key, run) {
  acts.set(name, { key, run });
}

function act(name) {
  acts.get(name).run();
}

function keyFor(name) {
  return preferences.keys[name] ?? acts.get(name).key;
}

function actWithKey(key) {
  return [...acts.keys()].find((name) => keyFor(name) === key) ?? null;
}

// Whether a key is pressed for the page: by itself, into no field, and with no dialog above it.
function isForPage(event) {
  const elsewhere = event.target.closest?.("input, textarea, select, [contenteditable]") || document.querySelector("dialog[open]");
  return !elsewhere && page.isConnected && !isCombined(event);
}

const isCombined = ({ ctrlKey, metaKey, altKey }) => ctrlKey || metaKey || altKey;

// The act whose key this is, or null. A held key acts once.
function actOf(event) {
  if (event.repeat) return null;
  const shiftedDigit = !event.shiftKey && /^Digit\d$/.test(event.code) ? actWithKey(event.code.slice(5)) : null;
  return actWithKey(event.key.toLowerCase()) ?? shiftedDigit; // on some layouts a digit takes shift
}

document.addEventListener("keydown", (event) => {
  const name = isForPage(event) ? actOf(event) : null;
  if (name === null || (name !== "help" && !preferences.single_keys)) return;
  event.preventDefault();
  act(name);
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button && event.detail < 2) act(button.dataset.act); // the second half of a double click is no vote
});

function drawHints() {
  for (const hint of all("[data-hint]")) hint.textContent = keyFor(hint.dataset.hint).toUpperCase();
  for (const button of all("[data-act]")) button.setAttribute("aria-keyshortcuts", keyFor(button.dataset.act).toUpperCase());
}

// On a phone the acts that are rarer than the rest are behind one button.
at(".more").addEventListener("click", () => openMore(at(".more").getAttribute("aria-expanded") === "false"));
at(".others").addEventListener("click", ({ target }) => { if (target.closest("[data-act]")) openMore(false); });

function openMore(open) {
  at(".more").setAttribute("aria-expanded", String(open));
}

at("[name=language]").replaceChildren(...plumbline.languages.map(([code, name]) => new Option(name, code)));
at("[name=language]").addEventListener("change", ({ target }) => plumbline.choose(target.value));

addAct("help", "?", () => at("dialog.help").showModal());

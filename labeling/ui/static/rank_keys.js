// The keys, each to be exchanged for another. A key that is taken, or that could not act, is refused with the reason.

let changing = null; // the act that waits for its new key

function openKeys() {
  at("dialog.help").close();
  changing = null;
  say("keys", "");
  drawKeys();
  at("dialog.keys").showModal();
}

function drawKeys() {
  const onPage = all("[data-act]").map((button) => button.dataset.act); // in the order in which one sees them
  at(".keys-list").replaceChildren(...[...new Set([...onPage, ...acts.keys()])].map(keyItem));
}

function keyItem(name) {
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = t(`act.${name}`);
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.changes = name;
  button.textContent = name === changing ? t("keys.press") : keyFor(name).toUpperCase();
  button.setAttribute("aria-label", t("keys.change", { act: t(`act.${name}`), key: keyFor(name).toUpperCase() }));
  button.setAttribute("aria-pressed", String(name === changing));
  item.append(label, button);
  return item;
}

function wait(name) {
  changing = name;
  say("keys", name ? t("keys.waiting", { act: t(`act.${name}`) }) : "");
  redrawKeys(name);
}

function redrawKeys(focused) {
  drawKeys();
  at(`[data-changes="${focused}"]`)?.focus();
}

// Why this key cannot be had, or nothing.
function refusalOf(event) {
  const key = event.key.toLowerCase();
  if (isCombined(event) || key.length !== 1 || key === " ") return t("keys.impossible");
  const taken = actWithKey(key);
  return taken && taken !== changing ? t("keys.taken", { key: key.toUpperCase(), act: t(`act.${taken}`) }) : "";
}

at("dialog.keys").addEventListener("keydown", (event) => {
  if (!changing || ["Tab", "Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock"].includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  const name = changing;
  const isGivenUp = event.key === "Escape";
  const refused = isGivenUp ? "" : refusalOf(event);
  if (refused) return say("keys", refused);
  changing = null;
  if (isGivenUp) {
    say("keys", "");
    return redrawKeys(name);
  }
  prefer({ keys: { ...preferences.keys, [name]: event.key.toLowerCase() } });
  say("keys", t("keys.changed", { act: t(`act.${name}`), key: keyFor(name).toUpperCase() }));
  redrawKeys(name);
});

at(".keys-list").addEventListener("click", ({ target }) => {
  const name = target.closest("button")?.dataset.changes;
  if (name) wait(name === changing ? null : name);
});

at("[name=default-keys]").addEventListener("click", () => {
  prefer({ keys: {} });
  changing = null;
  say("keys", t("keys.defaults_are_back"));
  drawKeys();
});

at("[name=change-keys]").addEventListener("click", openKeys);
onPreference.push(drawHints);

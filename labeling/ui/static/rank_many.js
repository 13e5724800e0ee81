// Several answers to be put in order. The answers stay where they are, so that one can go on reading; the order is made
// in the strip below them: by their numbers, best first, with "=" before one that ties; by dragging; or by each answer's
// own buttons, which move it half a step: into a tie with what is before it, then ahead of that.

const orderDrafts = new Drafts("plumbline.orders");
const DRAGS = 6; // pixels from which on a press is a drag

let order = []; // groups of answers by their number from 0, best first; those of a group tie
let tying = false; // the next number joins the last group
let drag = null;

// Of a set that is to be drawn: the order in which its answers were put before, or were being put.
function takeOrder(pair) {
  tying = false;
  order = groupsOf(pair.ranks ?? []);
  if (order.length === 0) order = orderDrafts.of(pair.showing_id) ?? [];
}

function drawAnswers(pair, html) {
  at(".set").replaceChildren(...pair.answers.map((text, place) => answerCard(text, place, html(text))));
  drawOrder();
}

function answerCard(text, place, html) {
  const card = document.createElement("article");
  card.className = "answer";
  card.dataset.place = place;
  card.setAttribute("aria-label", t("set.answer", { number: place + 1 }));
  const head = document.createElement("p");
  head.className = "label";
  const name = document.createElement("b");
  name.textContent = place + 1;
  const rank = document.createElement("span");
  rank.className = "rank-of";
  head.append(name, rank, ...[["▲", -1, "up"], ["▼", 1, "down"]].map(([sign, by, way]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", t(`set.${way}`, { number: place + 1 }));
    button.addEventListener("click", () => move(place, by));
    return button;
  }));
  const body = document.createElement("div");
  body.className = "text";
  body.dir = "auto";
  fill(body, text, html);
  card.append(head, ...(current?.leaks?.includes(place) ? [leakNote()] : []), body);
  return card;
}

function leakNote() {
  const note = document.createElement("p");
  note.className = "leak";
  note.textContent = t("pair.leak");
  return note;
}

function drawOrder() {
  if (!current?.answers) return;
  const focused = document.activeElement?.closest?.(".strip .chip")?.dataset.place;
  for (const card of all(".set .answer")) {
    const rank = rankOf(Number(card.dataset.place));
    card.querySelector(".rank-of").textContent = rank ? t("set.rank", { rank }) : "";
    card.classList.toggle("placed", rank > 0);
  }
  const parts = [gap(0)];
  order.forEach((group, place) => parts.push(groupElement(group, place), gap(place + 1)));
  at(".strip .best").replaceChildren(...parts);
  at(".strip .tray").replaceChildren(...unplaced().map(chipOf));
  at(".strip").classList.toggle("tying", tying);
  at("[name=save-order]").disabled = unplaced().length > 1;
  if (focused !== undefined) at(`.strip .chip[data-place="${focused}"]`)?.focus();
}

function groupElement(group, place) {
  const element = document.createElement("span");
  element.className = "group";
  element.dataset.group = place;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", t("set.rank", { rank: place + 1 }));
  element.append(...group.flatMap((one, at) => (at ? [document.createTextNode("="), chipOf(one)] : [chipOf(one)])));
  return element;
}

function gap(place) {
  const element = document.createElement("span");
  element.className = "gap";
  element.dataset.gap = place;
  element.textContent = place && place < order.length ? "›" : "";
  return element;
}

function chipOf(place) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip";
  chip.dataset.place = place;
  chip.textContent = place + 1;
  chip.setAttribute("aria-label", t("set.chip", { number: place + 1 }));
  return chip;
}

const groupsOf = (ranks) => [...new Set(ranks)].sort((a, b) => a - b).map((rank) => ranks.flatMap((one, place) => (one === rank ? [place] : [])));
const rankOf = (place) => order.findIndex((group) => group.includes(place)) + 1;
const unplaced = () => current.answers.map((_, place) => place).filter((place) => !rankOf(place));

function setOrder(groups) {
  order = groups.filter((group) => group.length);
  tying = false;
  orderDrafts.keep(current.showing_id, order);
  drawOrder();
}

// Its number puts an answer behind those that have a rank, or takes its rank away.
function press(place) {
  const without = order.map((group) => group.filter((one) => one !== place));
  if (rankOf(place)) setOrder(without);
  else setOrder(tying && order.length ? [...order.slice(0, -1), [...order.at(-1), place]] : [...order, [place]]);
}

function put(place, where) {
  const groups = order.map((group) => group.filter((one) => one !== place));
  if (where.group !== undefined) groups[where.group].push(place);
  if (where.gap !== undefined) groups.splice(where.gap, 0, [place]);
  setOrder(groups);
}

function move(place, by) {
  const at = rankOf(place) - 1;
  if (at < 0) return press(place);
  if (order[at].length > 1) return put(place, { gap: by < 0 ? at : at + 1 });
  const beside = at + by;
  if (beside >= 0 && beside < order.length) put(place, { group: beside });
}

function saveOrder() {
  const left = unplaced();
  if (left.length > 1) return toast(t("set.incomplete", { count: left.length }), false);
  const groups = [...order, ...(left.length ? [left] : [])]; // the one that is left is the last
  const ranks = current.answers.map((_, place) => groups.findIndex((group) => group.includes(place)) + 1);
  orderDrafts.forget(current.showing_id);
  decide("ranked", { verdict: "ranked", ranks }, { ranks });
}

function decideSet(name) {
  if (name === "both_bad") decide("all_bad", { verdict: "all_bad", ranks: [] });
  if (name === "skip" || name === "flag") decide(name, { verdict: "skip", ranks: [] });
}

// Before the keys of the acts, of which the digits are for pairs.
document.addEventListener("keydown", (event) => {
  if (!current?.answers || !isForPage(event)) return;
  const digit = /^Digit[1-8]$/.test(event.code) && !event.shiftKey ? event.code.slice(5) : event.key;
  const place = /^[1-8]$/.test(digit) ? Number(digit) - 1 : null;
  const focused = event.target.closest?.(".strip .chip, .set .answer")?.dataset.place;
  const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
  const isOnButton = Boolean(event.target.closest?.("button:not(.chip)")); // on a chip the space bar presses it
  let done = true;
  if (event.repeat && place !== null) done = true;
  else if (place !== null && preferences.single_keys) { if (place < current.answers.length) press(place); }
  else if (event.key === "=" && preferences.single_keys) { tying = !tying && order.length > 0; drawOrder(); }
  else if (event.key === "Backspace" && order.length) press(order.at(-1).at(-1));
  else if (event.key === "Enter" && !isOnButton) saveOrder();
  else if (by && focused !== undefined) move(Number(focused), by);
  else done = false;
  if (!done) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

at("[name=save-order]").addEventListener("click", saveOrder);

at(".strip").addEventListener("pointerdown", (event) => {
  const chip = event.target.closest(".chip");
  if (!chip || event.button) return;
  drag = { chip, x: event.clientX, y: event.clientY, far: false };
  chip.setPointerCapture(event.pointerId);
});

at(".strip").addEventListener("pointermove", (event) => {
  if (!drag) return;
  const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
  drag.far ||= Math.hypot(x, y) >= DRAGS;
  if (!drag.far) return;
  at(".strip").classList.add("dragging");
  drag.chip.classList.add("dragged");
  drag.chip.style.transform = `translate(${x}px, ${y}px)`;
  const over = targetAt(event);
  for (const one of all(".strip .over")) one.classList.remove("over");
  over?.classList.add("over");
});

at(".strip").addEventListener("pointerup", (event) => {
  if (!drag) return;
  const { chip, far } = drag;
  const over = far ? targetAt(event) : null;
  endDrag();
  const place = Number(chip.dataset.place);
  if (!far) return press(place);
  if (over?.dataset.group !== undefined) put(place, { group: Number(over.dataset.group) });
  else if (over?.dataset.gap !== undefined) put(place, { gap: Number(over.dataset.gap) });
  else if (over && rankOf(place)) press(place); // back among those without a rank
});

at(".strip").addEventListener("pointercancel", endDrag);
at(".strip").addEventListener("click", (event) => { // by a key or a screen reader: a pointer has had its say
  if (event.detail === 0 && event.target.closest(".chip")) press(Number(event.target.closest(".chip").dataset.place));
});

function endDrag() {
  if (drag) {
    drag.chip.style.transform = "";
    drag.chip.classList.remove("dragged");
  }
  drag = null;
  at(".strip").classList.remove("dragging");
  for (const one of all(".strip .over")) one.classList.remove("over");
}

// The group, the gap or the tray under the pointer; the nearest gap where it is beside them.
function targetAt({ clientX, clientY }) {
  const under = document.elementsFromPoint(clientX, clientY).map((one) => one.closest(".strip :is(.group, .gap, .tray)")).find(Boolean);
  const isOwn = under?.dataset.group !== undefined && under.contains(drag?.chip ?? null) && under.querySelectorAll(".chip").length === 1;
  if (under && !isOwn) return under;
  const box = at(".strip .best").getBoundingClientRect();
  if (clientY < box.top - 30 || clientY > box.bottom + 30) return null;
  const far = (one) => { const { left, width } = one.getBoundingClientRect(); return Math.abs(left + width / 2 - clientX); };
  return all(".strip .gap").sort((a, b) => far(a) - far(b))[0] ?? null;
}

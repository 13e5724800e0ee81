// The Rank page. The next pairs wait in the browser, so that one appears the moment a key is pressed; what was decided
// goes to the server behind the labeler's back, through the outbox. Text enters the page as text only.

const HELD = 4; // pairs kept ready
const POLL_MS = 2500; // between looks for pairs when there is none
const SHORTCUTS = "plumbline.shortcuts";
const DECISIONS = {
  1: ["left", 4, "A far better"], 2: ["left", 3, "A better"], 3: ["left", 2, "A slightly better"], 4: ["left", 1, "A barely better"],
  5: ["right", 1, "B barely better"], 6: ["right", 2, "B slightly better"], 7: ["right", 3, "B better"], 8: ["right", 4, "B far better"],
  0: ["tie", 0, "tie"], x: ["both_bad", 0, "both bad"], s: ["skip", 0, "skipped"], f: ["skip", 0, "flagged"],
};

const page = element.querySelector(".rank");
const at = (selector) => page.querySelector(selector);
const slot = (name) => at(`[data-text="${name}"]`);
const say = (name, text) => { slot(name).textContent = text; };

let current = null; // the pair on the page
let held = []; // pairs that wait unseen
let decided = []; // pairs voted on since the page was opened, newest last
let progress = null;
let reachable = true;
let asking = false;
let shownAt = 0; // 0 when the tab was left while the pair was up: its seconds would mean nothing
let emptySentence = "";
let refusal = ""; // why a decision was not recorded; stays until the page is left
let toastTimer, pollTimer;

const outbox = new Outbox(
  (deed) => (deed.undo ? server.take_back(deed) : server.cast_vote(deed)),
  acknowledged,
  () => { reachable = outbox.wait === 0; drawState(); },
);

function show(pair) {
  current = pair;
  said = pair?.said ?? draftOf(pair) ?? nothing();
  drawWhy();
  shownAt = pair && !document.hidden ? performance.now() : 0;
  if (pair) {
    at(".turns").replaceChildren(...pair.prompt.map((turn) => turnElement(turn, pair.prompt.length > 1)));
    say("left", pair.left);
    say("right", pair.right);
    const prompt = pair.prompt.map((turn) => turn.content).join("\n");
    say("announcement", `New pair. Prompt: ${prompt}\nAnswer A: ${pair.left}\nAnswer B: ${pair.right}`);
    window.scrollTo(0, 0);
  }
  drawState();
}

function turnElement(turn, named) {
  const block = document.createElement("div");
  block.className = `turn ${turn.role === "assistant" ? "assistant" : "user"}`;
  if (named) {
    const role = document.createElement("span");
    role.className = "role";
    role.textContent = turn.role;
    block.append(role);
  }
  const text = document.createElement("div");
  text.className = "text";
  text.dir = "auto";
  text.textContent = turn.content;
  block.append(text);
  return block;
}

function vote(key) {
  if (!current) return;
  const [verdict, strength, name] = DECISIONS[key];
  const seconds = shownAt ? Math.round(performance.now() - shownAt) / 1000 : null;
  const ratings = Object.fromEntries(Object.entries(said.ratings).filter(([, both]) => both.every(Boolean)));
  const details = { ...said, ratings, flagged: key === "f" };
  const { showing_id, amend = false } = current;
  const deed = { showing_id, verdict, strength, seconds, client_key: newKey(), details, amend };
  if (!amend) decided.push({ ...current, counts: verdict !== "skip", said });
  storage?.removeItem(DRAFT);
  count(verdict === "skip" || amend ? 0 : 1);
  show(held.shift() ?? null);
  toast(amend ? `Changed: ${name}.` : `Saved: ${name}.`, !amend);
  outbox.put(deed); // after the next pair is up: nothing stands between a key and its pair
  refill();
}

// The pair on the page waits again; one that is decided again has its vote.
function putBack() {
  if (current && !current.amend) held.unshift(current);
}

function undo() {
  const last = decided.pop();
  if (last) {
    putBack();
    count(last.counts ? -1 : 0);
    show(last);
    toast("Taken back: decide again.", false);
  }
  outbox.put({ undo: true, showing_id: last?.showing_id ?? null, client_key: newKey() });
}

function acknowledged(deed, answer) {
  if (answer.error) return refused(`${deed.undo ? "An undo" : "A vote"} could not be recorded. ${answer.error}`);
  if (!deed.undo) return compare(deed, answer.vote);
  setProgress(answer.progress);
  if (deed.showing_id !== null) return;
  if (!answer.pair) return toast("There is no vote to take back.", false);
  held = held.filter((pair) => pair.showing_id !== answer.pair.showing_id);
  if (current?.showing_id !== answer.pair.showing_id) putBack();
  show(answer.pair);
  toast("Taken back: decide again.", false);
}

// Elsewhere, as in another tab, the same pair may have been voted on before: then that vote stands.
function compare(deed, vote) {
  if (vote.verdict === deed.verdict && vote.strength === deed.strength) return;
  const [, , name] = Object.values(DECISIONS).find(([verdict, strength]) => verdict === vote.verdict && strength === vote.strength);
  if (deed.verdict !== "skip") count(-1);
  refused(`A vote was not saved, as its pair was voted on elsewhere before. That vote stands: ${name}.`);
}

function refused(why) {
  refusal = why;
  toast("Not saved.", false); // in place of the toast that said it was
  drawState();
}

async function refill() {
  if (asking || held.length + (current ? 1 : 0) >= HELD) return;
  asking = true;
  const here = [current, ...held].filter(Boolean).map((pair) => pair.showing_id);
  const holding = [...here, ...outbox.deeds().map((deed) => deed.showing_id)].filter(Number.isInteger);
  const answer = await answerWithin(PATIENCE_MS, server.next_pairs({ count: HELD + 1 - here.length, holding }));
  asking = false;
  reachable = answer !== undefined;
  if (reachable) outbox.flush(true);
  if (answer?.error) emptySentence = answer.error;
  if (answer?.pairs) take(answer);
  if (!current && held.length) show(held.shift());
  drawState();
  clearTimeout(pollTimer);
  if (!current || !reachable) pollTimer = setTimeout(refill, POLL_MS);
}

function take(answer) {
  const known = new Set([current, ...held].filter(Boolean).map((pair) => pair.showing_id));
  const sent = new Set(outbox.deeds().filter((deed) => !deed.undo).map((deed) => deed.showing_id));
  if (current && answer.unknown.includes(current.showing_id)) current = null;
  held = held.filter((pair) => !answer.stale.includes(pair.showing_id) && !answer.unknown.includes(pair.showing_id));
  held.push(...answer.pairs.filter(({ showing_id }) => !known.has(showing_id) && !sent.has(showing_id)));
  setProgress(answer.progress);
  emptySentence = answer.empty;
  setProject(answer.project);
}

function setProgress(stored) {
  progress = stored;
  progress.votes += outbox.deeds().filter((deed) => !deed.undo && deed.verdict !== "skip").length;
}

function count(change) {
  if (progress) progress.votes = Math.max(0, progress.votes + change);
}

function drawState() {
  page.dataset.state = current ? "pair" : emptySentence && reachable ? "empty" : "loading";
  if (slot("empty").textContent !== emptySentence) say("empty", emptySentence);
  const unsent = outbox.names().length;
  const kept = unsent ? ` ${unsent === 1 ? "One decision is" : `${unsent} decisions are`} kept in this browser and will be sent when it is back.` : "";
  const trouble = reachable ? refusal : `The server cannot be reached.${kept}${current ? " You can go on." : ""}`;
  slot("trouble").hidden = trouble === "";
  if (slot("trouble").textContent !== trouble) say("trouble", trouble);
  if (progress) drawProgress();
}

function drawProgress() {
  const { votes, target, seconds_per_pair: pace } = progress;
  say("progress", votes < target ? `${votes} of ${target} votes for a good round` : `${votes} votes: enough for a good round`);
  say("pace", pace === null ? "" : `${pace.toFixed(1)} s a pair`);
  const bar = at(".bar");
  bar.setAttribute("aria-valuenow", Math.min(votes, target));
  bar.setAttribute("aria-valuemax", target);
  bar.firstElementChild.style.width = `${Math.min(100, (100 * votes) / target)}%`;
}

function toast(text, undoable) {
  clearTimeout(toastTimer);
  say("toast", text);
  at(".toast").hidden = false;
  at(".toast button").hidden = !undoable;
  toastTimer = setTimeout(() => { at(".toast").hidden = true; }, 6000);
}

function act(key) {
  if (key === "?") at("dialog.help").showModal();
  else if (key === "h") openHistory();
  else if (key === "z") undo();
  else if (key === "r") drawWhy(at(".why").hidden);
  else vote(key);
}

function keyOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return null; // a held key votes once
  const key = event.key.toLowerCase();
  if (key in DECISIONS || ["z", "r", "h", "?"].includes(key)) return key;
  return !event.shiftKey && /^Digit[0-8]$/.test(event.code) ? event.code.slice(5) : null; // layouts that shift digits
}

document.addEventListener("keydown", (event) => {
  const elsewhere = event.target.closest?.("input, textarea, select, [contenteditable]") || at("dialog[open]");
  const key = elsewhere || !page.isConnected ? null : keyOf(event);
  if (key === null || (key !== "?" && !at("[name=keys]").checked)) return;
  event.preventDefault();
  act(key);
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-key]");
  if (button && event.detail < 2) act(button.dataset.key); // the second half of a double click is no vote
});

document.addEventListener("visibilitychange", () => { if (document.hidden) shownAt = 0; });

at("[name=keys]").checked = storage?.getItem(SHORTCUTS) !== "off";
at("[name=keys]").addEventListener("change", (event) => {
  storage?.setItem(SHORTCUTS, event.target.checked ? "on" : "off");
});

refill();

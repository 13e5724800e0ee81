// The Rank page. The next pairs wait in the browser, so that one appears the moment a key is pressed; what was decided
// goes to the server behind the labeler's back, through the outbox.

const HELD = 4; // pairs kept ready
const POLL_MS = 2500; // between looks for pairs when there is none
// The verdict and the strength of each deciding act, and its key.
const DECISIONS = {
  a4: ["left", 4, "1"], a3: ["left", 3, "2"], a2: ["left", 2, "3"], a1: ["left", 1, "4"],
  b1: ["right", 1, "5"], b2: ["right", 2, "6"], b3: ["right", 3, "7"], b4: ["right", 4, "8"],
  tie: ["tie", 0, "0"], both_bad: ["both_bad", 0, "x"], skip: ["skip", 0, "s"], flag: ["skip", 0, "f"],
};

let current = null; // the pair on the page
let held = []; // pairs that wait unseen
let decided = []; // pairs voted on since the page was opened, newest last
let progress = null;
let reachable = true;
let asking = false;
let emptiness = ""; // why there is no pair: a text's key and values, or an error's sentence
let refusal = ""; // why a decision was not recorded; stays until the page is left
let pollTimer;

const outbox = new Outbox(
  (deed) => server[deed.undo ? "take_back" : deed.ranks ? "put_in_order" : "text" in deed ? "save_edit" : "cast_vote"](deed),
  acknowledged,
  () => { reachable = outbox.wait === 0; drawState(); },
);

function vote(name) {
  if (!current) return;
  if (current.answers) return decideSet(name);
  const [verdict, strength] = DECISIONS[name];
  decide(name, { verdict, strength });
}

// Whatever is decided on what is on the page, under the name of the decision: the next one is there at once.
function decide(name, decision, again = {}) {
  const seconds = shownAt ? Math.round(performance.now() - shownAt) / 1000 : null;
  const ratings = current.answers ? {} : Object.fromEntries(Object.entries(said.ratings).filter(([, both]) => both.every(Boolean)));
  const details = { ...said, ratings, flagged: name === "flag" };
  const { showing_id, amend = false } = current;
  const deed = { showing_id, ...decision, seconds, client_key: newKey(), details, amend };
  const counts = decision.verdict !== "skip" || "text" in decision;
  if (!amend) decided.push({ ...current, ...again, counts, said });
  saidDrafts.forget(showing_id);
  notice("known", ""); // it is of the pair before
  count(counts && !amend ? 1 : 0);
  show(held.shift() ?? null);
  toast(t(amend ? "toast.changed" : "toast.saved", { decision: t(`decision.${name}`) }), !amend);
  outbox.put(deed); // after the next pair is up: nothing stands between a key and its pair
  refill();
}

// What a vote that was cast is called.
function decisionOf({ verdict, strength, ranks }) {
  if (ranks) return t(`decision.${verdict}`);
  return t(`decision.${Object.keys(DECISIONS).find((name) => DECISIONS[name][0] === verdict && DECISIONS[name][1] === strength)}`);
}

// The pair on the page waits again; one that is decided again has its vote.
function putBack() {
  if (current && !current.amend) held.unshift({ ...current, said });
}

function undo() {
  const last = decided.pop();
  if (last) {
    putBack();
    count(last.counts ? -1 : 0);
    show(last);
    toast(t("toast.taken_back"), false);
  }
  outbox.put({ undo: true, showing_id: last?.showing_id ?? null, client_key: newKey() });
}

function acknowledged(deed, answer) {
  if (answer.error) return refused(t(deed.undo ? "trouble.undo" : "trouble.vote", { reason: answer.error }));
  if (answer.known) known(answer.known);
  if ("text" in deed && !answer.kept) return elsewhere(deed, answer.vote);
  if (!deed.undo) return compare(deed, answer.vote ?? answer.ranking);
  setProgress(answer.progress);
  if (deed.showing_id !== null) return;
  if (!answer.pair) return toast(t("toast.nothing"), false);
  held = held.filter((pair) => pair.showing_id !== answer.pair.showing_id);
  if (current?.showing_id !== answer.pair.showing_id) putBack();
  show(answer.pair);
  toast(t("toast.taken_back"), false);
}

// Elsewhere, as in another tab, the same pair may have been voted on before: then that vote stands.
function compare(deed, vote) {
  if (vote.verdict === deed.verdict && vote.strength === deed.strength && String(vote.ranks ?? "") === String(deed.ranks ?? "")) return;
  if (deed.verdict !== "skip") count(-1);
  refused(t("trouble.elsewhere", { decision: decisionOf(vote) }));
}

// An edit of such a pair is gone too: what was written waits until the pair is decided again.
function elsewhere({ showing_id, text, start, verdict }, vote) {
  editDrafts.keep(showing_id, { text, start, verdict, open: true });
  count(-1);
  refused(t("trouble.edited_elsewhere", { decision: decisionOf(vote) }));
}

function refused(why) {
  refusal = why;
  toast(t("toast.not_saved"), false); // in place of the toast that said it was
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
  if (answer?.labeler) belongTo(answer.labeler);
  if (reachable) outbox.flush(true);
  if (answer?.error) emptiness = answer.error;
  if (answer?.pairs) take(answer);
  if (!current && held.length) show(held.shift());
  renderAhead();
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
  emptiness = answer.empty;
  setProject(answer.project);
  told(answer);
}

// Somebody else may have logged in since the pairs came.
function belongTo(labeler) {
  preferencesOf(labeler);
  if (outbox.labeler !== labeler) outbox.belongTo(labeler);
}

function setProgress(stored) {
  progress = stored;
  progress.votes += outbox.deeds().filter((deed) => !deed.undo && deed.verdict !== "skip").length;
}

function count(change) {
  if (progress) progress.votes = Math.max(0, progress.votes + change);
}

for (const [name, [, , key]] of Object.entries(DECISIONS)) addAct(name, key, () => vote(name));
addAct("undo", "z", undo);

plumbline.onLanguage(() => {
  plumbline.translate(page, true);
  at("[name=language]").value = plumbline.language();
  drawWhy();
  if (current && !differing) drawTexts(current); // what they are headed with
  drawState();
});
usePreferences(PREFERRED);
refill();

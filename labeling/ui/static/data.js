// The Data page: asks for one page of votes at a time and writes them into the table, as text.

const page = element.querySelector(".data");
const at = (selector) => page.querySelector(selector);
const slot = (name) => at(`[data-text="${name}"]`);
const say = (name, text) => { slot(name).textContent = text; };
const DEGREES = ["", "barely better", "slightly better", "better", "far better"];
const OTHERS = { tie: "tie", both_bad: "both bad", skip: "skipped" };

let edge = {}; // where the page begins: nothing for the newest, else {before: id} or {after: id}
let shown = []; // the votes of the page
let asked = 0; // counts the questions, so that a late answer to an old one is dropped

const filters = () => Object.fromEntries(["verdict", "labeler", "search"].map((name) => [name, at(`[name=${name}]`).value]));

async function look() {
  const mine = ++asked;
  const answer = await server.look({ ...filters(), ...edge });
  if (mine !== asked) return;
  const trouble = troubleOf(answer);
  tell(trouble);
  if (trouble) return;
  if ((edge.before !== undefined && answer.votes.length === 0) || (edge.after !== undefined && !answer.newer)) {
    edge = {}; // nothing is older any more, or this is the top, which shall be a full page
    return look();
  }
  drawVotes(answer);
}

async function count() {
  const answer = await server.count({});
  const trouble = troubleOf(answer);
  if (trouble) tell(trouble);
  else drawFigures(answer);
}

function troubleOf(answer) {
  return answer === undefined ? "The server cannot be reached: what is below may be old." : answer.error ?? "";
}

function tell(trouble) {
  slot("trouble").hidden = trouble === "";
  say("trouble", trouble);
}

function drawVotes({ votes, newer, older }) {
  shown = votes;
  at(".votes").replaceChildren(...votes.map(voteRow));
  slot("none").hidden = votes.length > 0;
  const isFiltered = Object.values(filters()).some(Boolean);
  say("none", isFiltered ? "No vote fits this." : "No votes yet: they appear here as soon as somebody ranks a pair.");
  say("range", `${plural(votes.length, "vote")} on this page`);
  at(".pager").hidden = !newer && !older;
  at("[name=newer]").disabled = !newer;
  at("[name=older]").disabled = !older;
}

function drawFigures({ tally, labelers, waiting, snapshots }) {
  say("summary", `${plural(tally.votes, "vote")} by ${plural(tally.labelers, "labeler")} on ${plural(tally.prompts, "prompt")}: `
    + `${tally.left} for A, ${tally.right} for B, ${plural(tally.tie, "tie")}, ${tally.both_bad} both bad. `
    + `${plural(tally.skip, "pair")} skipped, ${waiting} waiting. ${plural(tally.train, "prompt")} to train on, ${tally.heldout} held out.`);
  const decisive = tally.left + tally.right;
  say("balance", decisive < 20 ? "" : `Side A was chosen in ${Math.round((100 * tally.left) / decisive)} % of the votes for one side; `
    + "as the sides are shuffled, about half is to be expected.");
  const thumbs = tally.thumbs_up + tally.thumbs_down;
  say("thumbs", thumbs === 0 ? "" : `${plural(thumbs, "thumb")} on single answers: ${tally.thumbs_up} up, ${tally.thumbs_down} down.`);
  const chosen = at("[name=labeler]").value;
  const options = [new Option("everybody", ""), ...labelers.map((name) => new Option(name, name))];
  at("[name=labeler]").replaceChildren(...options);
  at("[name=labeler]").value = labelers.includes(chosen) ? chosen : "";
  at(".snapshots").replaceChildren(...snapshots.map(snapshotRow));
  at(".taken").hidden = snapshots.length === 0;
  slot("untaken").hidden = snapshots.length > 0;
}

function voteRow(vote) {
  const row = document.createElement("tr");
  const prompt = vote.prompt.length > 1 ? vote.prompt.map((turn) => `${turn.role}: ${turn.content}`).join("\n\n") : vote.prompt[0].content;
  const side = { left: "A", right: "B" }[vote.verdict];
  row.append(
    longCell("Prompt", prompt),
    longCell("A", vote.left, vote.verdict === "left"),
    longCell("B", vote.right, vote.verdict === "right"),
    verdictCell(vote, side),
    cell("Who", vote.labeler),
    timeCell(vote.created_at),
  );
  return row;
}

// The verdict, and below it what else was said.
function verdictCell(vote, side) {
  const { flagged, reasons, comment, ratings } = vote.details;
  const made = cell("Verdict", flagged ? "flagged" : side ? `${side} ${DEGREES[vote.strength]}` : OTHERS[vote.verdict]);
  const grades = Object.entries(ratings).map(([name, [a, b]]) => `${name} ${a} to ${b}`);
  for (const text of [reasons.join(", "), grades.join(", "), comment].filter(Boolean)) {
    const line = document.createElement("div");
    line.textContent = text;
    made.append(line);
  }
  return made;
}

// Long texts show their first lines, and all of it at a click or Enter.
function longCell(name, text, isChosen = false) {
  const made = cell(name, "");
  const button = document.createElement("button");
  button.className = isChosen ? "long chosen" : "long";
  button.dir = "auto";
  button.textContent = text;
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    if (window.getSelection().toString()) return; // somebody marks text to copy it
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  });
  made.append(button);
  return made;
}

function snapshotRow(snapshot) {
  const row = document.createElement("tr");
  const hash = cell("sha256", snapshot.sha256.slice(0, 16));
  hash.title = snapshot.sha256;
  hash.className = "hash";
  const rounds = snapshot.rounds.length ? snapshot.rounds.join(", ") : "none";
  row.append(cell("Snapshot", snapshot.snapshot_id), hash, cell("Votes", snapshot.rows), cell("Rounds", rounds), timeCell(snapshot.created_at, "Taken"));
  return row;
}

function cell(name, text) {
  const made = document.createElement("td");
  made.dataset.name = name;
  made.textContent = text;
  return made;
}

function timeCell(moment, name = "When") {
  const made = cell(name, "");
  const time = document.createElement("time");
  time.dateTime = time.title = moment;
  time.textContent = new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  made.append(time);
  return made;
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function turn(to) {
  edge = to;
  look();
}

function refresh() {
  look();
  count();
}

let typing;
at("[name=search]").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => turn({}), 200); });
for (const name of ["verdict", "labeler"]) at(`[name=${name}]`).addEventListener("change", () => turn({}));
at("[name=newer]").addEventListener("click", () => turn({ after: shown[0].preference_id }));
at("[name=older]").addEventListener("click", () => turn({ before: shown.at(-1).preference_id }));
window.addEventListener("focus", refresh);
refresh();

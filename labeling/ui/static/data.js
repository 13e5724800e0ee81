// The Data page: asks for one page of votes at a time and writes them into the table, as text.

const page = element.querySelector(".data");
const at = (selector) => page.querySelector(selector);
const slot = (name) => at(`[data-text="${name}"]`);
const say = (name, text) => { slot(name).textContent = text; };
const DEGREES = ["", "barely better", "slightly better", "better", "far better"];
const OTHERS = { tie: "tie", both_bad: "both bad", skip: "skipped" };

let number = 0; // of the page, 0 is the newest
let pages = 0;
let asked = 0; // counts the questions, so that a late answer to an old one is dropped

async function look() {
  const mine = ++asked;
  const answer = await server.look({ verdict: at("[name=verdict]").value, search: at("[name=search]").value, page: number });
  if (mine !== asked) return;
  const trouble = answer === undefined ? "The server cannot be reached: what is below may be old." : answer.error;
  slot("trouble").hidden = !trouble;
  if (trouble) return say("trouble", trouble);
  if (number > 0 && number >= answer.pages) { // votes were taken back in the meantime
    number = Math.max(0, answer.pages - 1);
    return look();
  }
  pages = answer.pages;
  draw(answer);
}

function draw({ votes, found, tally, waiting, snapshots }) {
  say("summary", `${plural(tally.votes, "vote")} by ${plural(tally.labelers, "labeler")} on ${plural(tally.prompts, "prompt")}: `
    + `${tally.left + tally.right} for one side, ${plural(tally.tie, "tie")}, ${tally.both_bad} both bad. `
    + `${plural(tally.skip, "pair")} skipped, ${waiting} waiting.`);
  const decisive = tally.left + tally.right;
  say("balance", decisive < 20 ? "" : `Side A was chosen in ${Math.round((100 * tally.left) / decisive)} % of the votes for one side; `
    + "as the sides are shuffled, about half is to be expected.");
  at(".votes").replaceChildren(...votes.map(voteRow));
  const isFiltered = at("[name=verdict]").value || at("[name=search]").value;
  slot("none").hidden = votes.length > 0;
  say("none", isFiltered ? "No vote fits this." : "No votes yet: they appear here as soon as somebody ranks a pair.");
  at(".pager").hidden = found === 0;
  const first = number * 20 + 1;
  say("range", `${first} to ${first + votes.length - 1} of ${found}`);
  at("[name=newer]").disabled = number === 0;
  at("[name=older]").disabled = number + 1 >= pages;
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
    cell("Verdict", side ? `${side} ${DEGREES[vote.strength]}` : OTHERS[vote.verdict]),
    cell("Who", vote.labeler),
    timeCell(vote.created_at),
  );
  return row;
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
  number = to;
  look();
}

let typing;
at("[name=search]").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => turn(0), 200); });
at("[name=verdict]").addEventListener("change", () => turn(0));
at("[name=newer]").addEventListener("click", () => turn(number - 1));
at("[name=older]").addEventListener("click", () => turn(number + 1));
window.addEventListener("focus", look);
look();

// The Data page: what is listed, by which filters, and the address that says so. Texts are written as text.

const page = element.querySelector(".data");
const at = (selector, within = page) => within.querySelector(selector);
const slot = (name) => at(`[data-text="${name}"]`);
const say = (name, text) => { slot(name).textContent = text; };
const plural = (count, noun) => `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;

const DEGREES = ["", "barely better", "slightly better", "better", "far better"];
const OTHERS = { tie: "tie", both_bad: "both bad", skip: "skipped" };
const KINDS = { mail: "mail address", phone: "phone number", card: "card number" };

// The choices of each filter; a null takes what there is.
const CHOICES = {
  state: ["State", { served: "served", retired: "retired", "held back": "held back", "personal data": "personal data found" }],
  split: ["Split", { train: "to train on", heldout: "held out" }],
  source: ["Source", null],
  tag: ["Tag", null],
  model: ["Model", null],
  labeler: ["Labeler", null],
  flagged: ["Flag", { yes: "flagged" }],
  verdict: ["Verdict", { left: "A better", right: "B better", tie: "tie", both_bad: "both bad", skip: "skipped", flagged: "flagged" }],
  thumb: ["Thumb", { up: "up", down: "down" }],
  votes: ["Votes", { none: "none", some: "some", many: "five and more" }],
};
const OF_PAIRS = { ...CHOICES, votes: ["Votes", { none: "none", some: "some", many: "two and more", contested: "contested" }] };
const LISTS = {
  prompts: { key: "prompt_id", noun: "prompt", search: "Search prompts", filters: ["state", "split", "source", "tag", "model", "votes", "flagged"] },
  pairs: { key: "pair_id", noun: "pair", search: "Search prompts and answers", filters: ["votes", "flagged", "labeler", "model", "source", "split", "tag", "state"] },
  votes: { key: "preference_id", noun: "vote", search: "Search prompts, answers and comments", filters: ["verdict", "labeler", "model", "source", "split", "tag", "state"] },
  rankings: { key: "ranking_id", noun: "ranking", search: "Search prompts and answers", filters: ["labeler", "flagged", "split", "source", "tag", "state"] },
  demonstrations: { key: "demonstration_id", noun: "demonstration", search: "Search prompts and demonstrations", filters: ["labeler", "split", "source", "tag", "state"] },
  thumbs: { key: "rating_id", noun: "thumb", search: "Search prompts and answers", filters: ["thumb", "labeler", "model", "split", "source", "tag", "state"] },
};
const EMPTY = {
  prompts: "No prompts yet: add one here, or bring many with import.",
  pairs: "No pairs yet: the model writes them as soon as there are prompts.",
  votes: "No votes yet: they appear here as soon as somebody ranks a pair.",
  rankings: "No rankings yet: they come where a project has more than two answers put in order.",
  demonstrations: "No demonstrations yet: labelers write them while they rank.",
  thumbs: "No thumbs yet: they are given in the chat.",
};

let list = "prompts"; // which list is shown
let filters = {}; // by name, only those that are set
let edge = {}; // where the page begins: nothing for the newest, else {before: id} or {after: id}
let shown = []; // its rows
let choices = {}; // what there is to filter by
let asked = 0; // counts the questions, so that a late answer to an old one is dropped

// Ask the server; null where it refuses or cannot be reached, which the page then says. `clears`: what went wrong
// before is over where this goes well.
async function ask(question, data, where = "trouble", clears = true) {
  const answer = await question(data);
  const trouble = answer === undefined ? "The server cannot be reached: what is below may be old." : answer.error ?? "";
  if (trouble || clears) {
    slot(where).hidden = trouble === "";
    say(where, trouble);
  }
  return trouble ? null : answer;
}

async function look() {
  if (list === "snapshots") return;
  const mine = ++asked;
  const answer = await ask(server.look, { kind: list, filters, ...edge });
  if (mine !== asked || answer === null) return;
  if ((edge.before !== undefined && answer.rows.length === 0) || (edge.after !== undefined && !answer.newer)) {
    edge = {}; // nothing is older any more, or this is the top, which shall be a full page
    return look();
  }
  drawList(answer);
}

function drawList({ rows, newer, older }) {
  shown = rows;
  const { columns, row } = TABLES[list];
  at(".rows").dataset.list = list;
  at(".rows thead tr").replaceChildren(...columns.map(heading));
  at(".rows tbody").replaceChildren(...rows.map(row));
  at(".rows").hidden = rows.length === 0;
  slot("none").hidden = rows.length > 0;
  say("none", Object.keys(filters).length ? `No ${LISTS[list].noun} fits this.` : EMPTY[list]);
  say("range", `${plural(rows.length, LISTS[list].noun)} on this page`);
  at(".pager").hidden = !newer && !older;
  at("[name=newer]").disabled = !newer;
  at("[name=older]").disabled = !older;
  drawChosen();
}

function drawFilters() {
  const names = LISTS[list]?.filters ?? [];
  at(".selects").replaceChildren(...names.map((name) => {
    const [label, fixed] = (list === "pairs" ? OF_PAIRS : CHOICES)[name];
    const options = fixed ?? Object.fromEntries((choices[name] ?? []).map((choice) => [choice, choice]));
    if (filters[name] && !(filters[name] in options)) options[filters[name]] = filters[name]; // of an older address
    const select = document.createElement("select");
    select.name = name;
    select.setAttribute("aria-label", label);
    select.append(new Option(label, ""), ...Object.entries(options).map(([value, text]) => new Option(text, value)));
    select.value = filters[name] ?? "";
    select.addEventListener("change", () => filter(name, select.value));
    return select;
  }));
  const set = names.filter((name) => filters[name]).length;
  say("set", set ? ` (${set})` : "");
  at("[name=search]").placeholder = LISTS[list]?.search ?? "";
  if (document.activeElement !== at("[name=search]")) at("[name=search]").value = filters.search ?? "";
}

function filter(name, value) {
  const { [name]: _, ...others } = filters;
  filters = value ? { ...others, [name]: value } : others;
  edge = {};
  chosen.clear();
  history.replaceState(null, "", address());
  drawFilters();
  look();
}

async function count() {
  const answer = await ask(server.count, {}, "trouble", false); // it goes beside another question, and leaves what that one said
  if (answer === null) return;
  choices = answer.choices;
  at("datalist").replaceChildren(...choices.tag.map((tag) => new Option(tag, tag)));
  drawFilters();
  drawFigures(answer);
}

function drawFigures({ tally, withheld, waiting, snapshots }) {
  say("summary", `${plural(tally.train, "prompt")} to train on, ${tally.heldout.toLocaleString()} held out. `
    + `${plural(tally.votes, "vote")} by ${plural(tally.labelers, "labeler")} on ${plural(tally.prompts, "prompt")}: `
    + `${tally.left.toLocaleString()} for A, ${tally.right.toLocaleString()} for B, ${plural(tally.tie, "tie")}, `
    + `${tally.both_bad.toLocaleString()} both bad. ${plural(tally.skip, "pair")} skipped, ${waiting.toLocaleString()} waiting.`);
  const decisive = tally.left + tally.right;
  const thumbs = tally.thumbs_up + tally.thumbs_down;
  say("balance", [
    decisive < 20 ? "" : `Side A was chosen in ${Math.round((100 * tally.left) / decisive)} % of the votes for one side; `
      + "as the sides are shuffled, about half is to be expected.",
    thumbs === 0 ? "" : `${plural(thumbs, "thumb")} on single answers: ${tally.thumbs_up} up, ${tally.thumbs_down} down.`,
  ].filter(Boolean).join(" "));
  const held = withheld["personal data"] ?? 0;
  slot("held").hidden = held === 0;
  slot("held").replaceChildren(
    `${plural(held, "prompt")} ${held === 1 ? "seems" : "seem"} to hold personal data and ${held === 1 ? "is" : "are"} shown to nobody. `,
    link(`Look at ${held === 1 ? "it" : "them"}`, "./data?list=prompts&state=held+back"),
  );
  at(".taken tbody").replaceChildren(...snapshots.map(snapshotRow));
  at(".taken").hidden = snapshots.length === 0;
  slot("untaken").hidden = snapshots.length > 0;
}

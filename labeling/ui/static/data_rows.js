// The rows of each list.

const TABLES = {
  prompts: { columns: ["", "Prompt", "What came of it", "Source", "When"], row: promptRow },
  pairs: { columns: ["Prompt", "A", "B", "Votes", "When"], row: pairRow },
  votes: { columns: ["Prompt", "A", "B", "Verdict", "Who"], row: voteRow },
  rankings: { columns: ["Prompt", "Answers in order", "Said", "Who"], row: rankingRow },
  demonstrations: { columns: ["Prompt", "Demonstration", "Who"], row: demonstrationRow },
  thumbs: { columns: ["Prompt", "Answer", "Thumb", "Who"], row: thumbRow },
};

function promptRow(prompt) {
  const came = made("div", "came", [
    plural(prompt.answers, "answer"), plural(prompt.pairs, "pair"), plural(prompt.votes, "vote"),
  ].join(", "));
  return tableRow(
    chooseCell(prompt),
    promptCell(prompt),
    cell("Came of it", came, chips(prompt)),
    cell("Source", made("div", "", prompt.source), made("div", "quiet", splitWord(prompt.split))),
    cell("When", moment(prompt.created_at)),
  );
}

function pairRow(pair) {
  const words = { a: "A", b: "B", ...OTHERS };
  const counts = Object.entries(pair.verdicts).map(([verdict, many]) => `${words[verdict]} ${many}`);
  const cast = Object.keys(pair.verdicts).filter((verdict) => verdict !== "skip");
  const marks = [cast.length > 1 ? "contested" : "", pair.flags ? "flagged" : "", pair.withheld ?? ""].filter(Boolean);
  return tableRow(
    promptCell(pair),
    cell("A", long(pair.a), by(pair.model_a)),
    cell("B", long(pair.b), by(pair.model_b)),
    cell("Votes", made("b", "", counts.join(", ") || "none"), chipLine(marks)),
    cell("When", moment(pair.created_at), made("div", "quiet", pair.source)),
  );
}

function voteRow(vote) {
  return tableRow(
    cell("Prompt", promptText(vote.prompt, vote.prompt_id)),
    cell("A", long(vote.left, vote.verdict === "left")),
    cell("B", long(vote.right, vote.verdict === "right")),
    cell("Verdict", ...verdictOf(vote)),
    whoCell(vote),
  );
}

// The verdict, and below it what else was said.
function verdictOf(vote) {
  const { flagged, reasons, comment, ratings } = vote.details;
  const side = { left: "A", right: "B" }[vote.verdict];
  const said = [made("b", flagged ? "danger" : "", flagged ? "flagged" : side ? `${side} ${DEGREES[vote.strength]}` : OTHERS[vote.verdict])];
  if (reasons.length) said.push(chipLine(reasons));
  for (const [name, [left, right]] of Object.entries(ratings)) said.push(made("div", "quiet", `${name}: A ${left}, B ${right}`));
  if (comment) said.push(made("blockquote", "", comment));
  return said;
}

function rankingRow(one) {
  const said = { ranked: "ranked", all_bad: "all bad", skip: "skipped" }[one.verdict];
  const answers = one.answers.map((answer) => made("li", "", made("span", "rank", answer.rank || "–"), long(answer.text)));
  const more = [chipLine(one.reasons), ...(one.comment ? [made("blockquote", "", one.comment)] : [])];
  return tableRow(
    promptCell(one),
    cell("In order", made("ol", "ranked", ...answers)),
    cell("Said", made("b", one.flagged ? "danger" : "", one.flagged ? "flagged" : said), ...more),
    whoCell(one),
  );
}

function demonstrationRow(one) {
  return tableRow(
    promptCell(one),
    cell("Written", long(one.text)),
    whoCell(one),
  );
}

function thumbRow(one) {
  return tableRow(
    promptCell(one),
    cell("Answer", long(one.text), by(one.model)),
    cell("Thumb", made("b", "", one.thumb)),
    whoCell(one),
  );
}

function snapshotRow(snapshot) {
  const hash = made("span", "hash", snapshot.sha256.slice(0, 16));
  hash.title = snapshot.sha256;
  const rounds = snapshot.rounds.length ? snapshot.rounds.join(", ") : "none";
  return tableRow(
    cell("Snapshot", String(snapshot.snapshot_id)), cell("sha256", hash), cell("Votes", snapshot.rows.toLocaleString()),
    cell("Rounds", rounds), cell("Taken", moment(snapshot.created_at)),
  );
}

// What follows makes the parts of a row.

function made(tag, className, ...inside) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...inside);
  return node;
}

const unseen = (text) => made("span", "unseen", text);
const splitWord = (split) => (split === "heldout" ? "held out" : "to train on");
const by = (model) => made("div", "quiet by", model ?? "no model here");
const tableRow = (...cells) => made("tr", "", ...cells);
const whoCell = (one) => cell("Who", made("div", "", one.labeler), moment(one.created_at));
const promptCell = (one) => cell("Prompt", promptText(one.messages, one.prompt_id));

function heading(name) {
  const head = made("th", "", name || unseen("Chosen"));
  head.scope = "col";
  return head;
}

function cell(name, ...inside) {
  const node = made("td", "");
  node.dataset.name = name;
  node.append(made("div", "cell", ...inside));
  return node;
}

function chooseCell(prompt) {
  const box = made("input", "");
  box.type = "checkbox";
  box.checked = chosen.has(prompt.prompt_id);
  box.setAttribute("aria-label", `Choose prompt ${prompt.prompt_id}`);
  box.addEventListener("change", () => choose(prompt.prompt_id, box.checked));
  return made("td", "choose", box);
}

function promptText(messages, promptId) {
  const text = messages.length > 1 ? messages.map((turn) => `${turn.role}: ${turn.content}`).join("\n") : messages[0].content;
  return made("div", "", long(text), link(`Prompt ${promptId}`, `./data?prompt=${promptId}`));
}

function link(text, to) {
  const node = made("a", "to", text);
  node.href = to;
  return node;
}

// Long texts show their first lines, and all of it at a click or Enter.
function long(text, isChosen = false) {
  const button = made("button", isChosen ? "long better" : "long", text);
  button.dir = "auto";
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    if (window.getSelection().toString()) return; // somebody marks text to copy it
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  });
  return button;
}

function moment(when) {
  const at = new Date(when);
  const time = made("time", "", made("span", "", at.toLocaleDateString(undefined, { dateStyle: "medium" })), " ",
    made("span", "", at.toLocaleTimeString(undefined, { timeStyle: "short" })));
  time.dateTime = time.title = when;
  return time;
}

const chipLine = (words) => made("div", "chipline", ...words.map((word) => made("span", "chip", word)));

// What was decided about a prompt, and what was found in it.
function chips(prompt) {
  const line = chipLine(prompt.tags);
  const isHeld = prompt.withheld === "personal data";
  line.prepend(...prompt.personal_data.map((kind) => made("span", isHeld ? "chip danger" : "chip", KINDS[kind])));
  if (isHeld) line.prepend(made("span", "chip danger", "held back"));
  if (prompt.withheld === "retired") line.prepend(made("span", "chip strong", "retired"));
  return line;
}

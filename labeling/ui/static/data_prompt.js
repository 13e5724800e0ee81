// All about one prompt, at /data?prompt=12.

let open = null; // the number of the prompt that is open

async function lookAt(promptId) {
  open = promptId;
  const answer = await ask(server.look_at, { prompt_id: promptId });
  if (open !== promptId) return;
  at(".one").replaceChildren(backLink(), ...(answer === null ? [] : aboutOne(answer)));
}

function backLink() {
  const back = link("All prompts", "./data?list=prompts");
  back.classList.add("back");
  return back;
}

function aboutOne({ prompt, found, answers, pairs, votes, rankings, demonstrations, thumbs, history: events }) {
  const title = made("h2", "", `Prompt ${prompt.prompt_id}`);
  title.tabIndex = -1;
  const about = made("p", "quiet", `${splitWord(prompt.split)}, from ${prompt.source}, `, moment(prompt.created_at));
  return [
    title, about, chips(prompt), deedsOn(prompt),
    made("div", "card turns", ...prompt.messages.map((turn, number) => turnOf(turn, found.filter((place) => place.turn === number)))),
    part("Answers", answers.map(answerOf), "None yet."),
    tablePart("pairs", "Pairs", pairs),
    tablePart("votes", "Votes", votes),
    ...(rankings.length ? [tablePart("rankings", "Rankings", rankings)] : []),
    ...(demonstrations.length ? [tablePart("demonstrations", "Demonstrations", demonstrations)] : []),
    ...(thumbs.length ? [tablePart("thumbs", "Thumbs", thumbs)] : []),
    part("History", [made("ol", "history", ...events.map(eventOf))], ""),
  ];
}

// A turn, with what was found in it marked.
function turnOf(turn, places) {
  const text = made("div", "text");
  text.dir = "auto";
  const letters = Array.from(turn.content); // the server counts characters, not halves of them
  let from = 0;
  for (const { kind, start, length } of places) {
    const mark = made("mark", "", letters.slice(start, start + length).join(""));
    mark.title = KINDS[kind];
    text.append(letters.slice(from, start).join(""), mark);
    from = start + length;
  }
  text.append(letters.slice(from).join(""));
  return made("div", `turn ${turn.role}`, made("span", "role", turn.role), text);
}

function answerOf(answer) {
  return made("div", "card answer", long(answer.text), made("div", "quiet", `${answer.model ?? "no model here"}, `, moment(answer.created_at)));
}

function eventOf(event) {
  const said = made("span", "", event.actor ? `${event.actor} ${event.said}` : event.said);
  const item = made("li", "", moment(event.created_at), said);
  if (event.text) item.append(made("blockquote", "", event.text));
  return item;
}

function part(name, nodes, none) {
  return made("section", "", made("h3", "", name), ...(nodes.length ? nodes : [made("p", "quiet", none)]));
}

function tablePart(kind, name, rows) {
  if (rows.length === 0) return part(name, [], "None yet.");
  const { columns, row } = TABLES[kind];
  const heads = columns.slice(1).map(heading);
  const lines = rows.map((one) => { const line = row(one); line.firstChild.remove(); return line; }); // the prompt is above
  const table = made("table", "rows", made("thead", "", made("tr", "", ...heads)), made("tbody", "", ...lines));
  table.dataset.list = `${kind}-of-one`;
  return part(name, [table], "");
}

function deedsOn(prompt) {
  const form = made("form", "deeds-on");
  const word = made("input", "");
  word.placeholder = "Tag, or reason";
  word.maxLength = 500;
  word.setAttribute("aria-label", "Tag, or reason");
  word.setAttribute("list", "tags");
  const isRetired = prompt.withheld === "retired";
  const deeds = [["tag", "Tag"], ...(prompt.tags.length ? [["untag", "Untag"]] : []),
    isRetired ? ["restore", "Restore"] : ["retire", "Retire"],
    ...(prompt.withheld === "personal data" ? [["release", "Release"]] : [])];
  form.append(word, ...deeds.map(([deed, name]) => {
    const button = made("button", deed === "release" ? "main" : "", name);
    button.type = "button";
    button.addEventListener("click", () => curate(deed, word.value, { prompt_ids: [prompt.prompt_id] }));
    return button;
  }));
  form.addEventListener("submit", (event) => { event.preventDefault(); curate("tag", word.value, { prompt_ids: [prompt.prompt_id] }); });
  return form;
}

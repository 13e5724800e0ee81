// What is done about prompts: with the chosen ones, with all that fit the filters, one more, and near-duplicates.

const chosen = new Set(); // the numbers of the prompts that are ticked
const DONE = { tag: "tagged", untag: "untagged", retire: "retired", restore: "restored", release: "released" };

function choose(promptId, isChosen) {
  if (isChosen) chosen.add(promptId); else chosen.delete(promptId);
  drawChosen();
}

function drawChosen() {
  const isPrompts = list === "prompts" && shown.length > 0;
  at(".chosen").hidden = !isPrompts || (chosen.size === 0 && Object.keys(filters).length === 0);
  say("chosen", chosen.size ? `${plural(chosen.size, "prompt")} chosen` : "All that fit the filters");
  const all = shown.length > 0 && shown.every((prompt) => chosen.has(prompt.prompt_id));
  at("[name=all]").textContent = all ? "Choose none" : "Choose this page";
}

function chooseAll() {
  const all = shown.every((prompt) => chosen.has(prompt.prompt_id));
  for (const { prompt_id } of shown) if (all) chosen.delete(prompt_id); else chosen.add(prompt_id);
  for (const box of page.querySelectorAll(".choose input")) box.checked = !all;
  drawChosen();
}

async function curate(deed, word, which) {
  if ((deed === "tag" || deed === "untag") && !word.trim()) return tellDone("Write the tag beside the button first.");
  const answer = await ask(server.curate, { deed, word, ...which });
  if (answer === null) return;
  const rest = answer.asked - answer.changed;
  tellDone(`${plural(answer.changed, "prompt")} ${DONE[deed]}${rest ? `; ${rest.toLocaleString()} left as ${rest === 1 ? "it was" : "they were"}` : ""}.`);
  chosen.clear();
  at("[name=word]").value = "";
  refresh();
}

function tellDone(text) {
  slot("done").hidden = text === "";
  say("done", text);
}

// One more prompt, of one turn or of several.

function addTurn(role = null, content = "") {
  const turns = at(".adding .turns");
  const last = turns.lastElementChild?.querySelector("select").value;
  const select = made("select", "");
  select.setAttribute("aria-label", "Who speaks");
  select.append(...["user", "assistant", "system"].map((name) => new Option(name, name)));
  select.value = role ?? (last === "user" ? "assistant" : "user");
  const text = made("textarea", "");
  text.rows = 4;
  text.value = content;
  text.dir = "auto";
  text.setAttribute("aria-label", "What is said");
  const remove = made("button", "", "Remove");
  remove.type = "button";
  const line = made("div", "writing", made("div", "acts", select, remove), text);
  remove.addEventListener("click", () => { line.remove(); if (!turns.children.length) addTurn("user"); });
  turns.append(line);
  text.focus();
}

function startAdding() {
  at(".adding .turns").replaceChildren();
  slot("refused").hidden = true;
  at(".adding").showModal();
  addTurn("user");
}

async function saveAdded() {
  const messages = [...at(".adding .turns").children].map((line) => ({
    role: line.querySelector("select").value, content: line.querySelector("textarea").value,
  }));
  const answer = await ask(server.add_prompt, { messages, split: at(".adding [name=split]").value }, "refused");
  if (answer === null) return;
  at(".adding").close();
  tellDone(answer.added ? `Prompt ${answer.prompt_id} was added.` : `It is there already, as prompt ${answer.prompt_id}.`);
  go(`./data?prompt=${answer.prompt_id}`);
  count();
}

// Near-duplicates.

async function findAlike() {
  at(".clusters").replaceChildren();
  say("alike", "Looking.");
  if (!at(".alike").open) at(".alike").showModal();
  const answer = await ask(server.near_duplicates, {}, "alike");
  slot("alike").hidden = false;
  if (answer === null) return;
  say("alike", answer.found === 0 ? `None among the newest ${plural(answer.looked_at, "prompt")} that are served.`
    : `${plural(answer.found, "cluster")} among the newest ${plural(answer.looked_at, "prompt")} that are served`
      + `${answer.found > answer.clusters.length ? `; the ${answer.clusters.length} largest are shown` : ""}. Keep one of each, and retire the others.`);
  at(".clusters").replaceChildren(...answer.clusters.map(clusterOf));
}

const MOST_ALIKE = 10;

function clusterOf({ prompt_ids, texts }) {
  const lines = prompt_ids.slice(0, MOST_ALIKE).map((promptId, number) => {
    const keep = made("button", "", "Keep this");
    keep.setAttribute("aria-label", `Keep prompt ${promptId} and retire the others`);
    keep.addEventListener("click", async () => {
      const answer = await ask(server.retire_others, { prompt_id: promptId }, "alike");
      if (answer === null) return void (slot("alike").hidden = false);
      tellDone(`${plural(answer.changed, "near-duplicate")} of prompt ${promptId} retired.`);
      refresh();
      findAlike();
    });
    return made("li", "", link(`${promptId}`, `./data?prompt=${promptId}`), long(texts[number]), keep);
  });
  const rest = prompt_ids.length - lines.length;
  return made("div", "card", made("ul", "", ...lines), ...(rest > 0 ? [made("p", "quiet", `and ${rest} more`)] : []));
}

// What the Rank page shows of its state: the pair, the progress, the toast, what is wrong.

const ANNOUNCED = 600; // characters of each text

let shownAt = 0; // 0 when the tab was left while the pair was up: its seconds would mean nothing
let toastTimer;

function show(pair) {
  current = pair;
  said = pair?.said ?? saidOf(pair);
  drawWhy();
  shownAt = pair && !document.hidden ? performance.now() : 0;
  notice("again", pair?.again ? t("pair.again", { why: pair.again }) : "");
  page.dataset.kind = pair?.answers ? "set" : "pair";
  if (pair?.answers) takeOrder(pair);
  if (pair) {
    drawTexts(pair);
    say("announcement", announcementOf(pair));
    startReading(pair);
  }
  showEdit(pair);
  drawState();
}

// What a screen reader is told of a new pair or set.
function announcementOf({ prompt, left, right, answers }) {
  const asked = prompt.map((turn) => turn.content).join("\n");
  if (!answers) return t("pair.announced", { prompt: beginning(asked), left: beginning(left), right: beginning(right) });
  const each = answers.map((text, place) => `${t("set.answer", { number: place + 1 })}: ${text}`).join("\n");
  return t("set.announced", { prompt: asked, answers: each });
}

// Of a long text of a pair it is told the beginning; the whole is where it stands.
function beginning(text) {
  return text.length > ANNOUNCED ? `${text.slice(0, ANNOUNCED).toWellFormed?.() ?? text.slice(0, ANNOUNCED)} …` : text;
}

function turnElement(turn, named, html) {
  const block = document.createElement("div");
  block.className = `turn ${["assistant", "system"].includes(turn.role) ? turn.role : "user"}`;
  if (named) {
    const role = document.createElement("span");
    role.className = "role";
    role.textContent = plumbline.has(`role.${turn.role}`) ? t(`role.${turn.role}`) : turn.role;
    block.append(role);
  }
  const text = document.createElement("div");
  text.className = "text";
  text.dir = "auto";
  fill(text, turn.content, html);
  block.append(text);
  return block;
}

function drawState() {
  const why = typeof emptiness === "string" ? emptiness : t(emptiness.key, emptiness.values);
  page.dataset.state = current ? "pair" : why && reachable ? "empty" : "loading";
  if (slot("empty").textContent !== why) say("empty", why);
  at(".empty .quiet").hidden = emptiness?.key === "empty.paused"; // nothing comes by itself
  const trouble = reachable ? refusal : cutOff();
  slot("trouble").hidden = trouble === "";
  if (slot("trouble").textContent !== trouble) say("trouble", trouble);
  if (progress) drawProgress();
}

// What is said while the server is out of reach.
function cutOff() {
  const unsent = outbox.names().length;
  const parts = [t("trouble.unreachable"), unsent ? t("trouble.kept", { count: unsent }) : "", current ? t("trouble.go_on") : ""];
  return parts.filter(Boolean).join(" ");
}

function drawProgress() {
  const { votes, target, seconds_per_pair: pace } = progress;
  say("progress", t(votes < target ? "progress.short" : "progress.enough", { count: votes, target }));
  say("pace", pace === null ? "" : t("progress.pace", { seconds: number(pace, 1) }));
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

// A quiet sentence above the pair, of which there is one by each name; an empty text takes it away. The element is
// answered, so that a button can be put into it.
function notice(name, text) {
  let place = at(`.notices [data-notice="${name}"]`);
  if (text === "") {
    place?.remove();
    return null;
  }
  if (!place) {
    place = document.createElement("p");
    place.dataset.notice = name;
    place.setAttribute("role", "status");
    at(".notices").append(place);
  }
  place.textContent = text;
  return place;
}

document.addEventListener("visibilitychange", () => { if (document.hidden) shownAt = 0; });

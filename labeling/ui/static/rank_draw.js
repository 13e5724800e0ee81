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
  if (pair?.answers) showSet(pair);
  else if (pair) {
    showDifferences(false);
    drawTexts(pair);
    for (const side of ["left", "right"]) slot(`leak-${side}`).hidden = !pair.leaks?.includes(side);
    const prompt = pair.prompt.map((turn) => turn.content).join("\n");
    say("announcement", t("pair.announced", { prompt: beginning(prompt), left: beginning(pair.left), right: beginning(pair.right) }));
    window.scrollTo(0, 0);
    startReading(pair);
  }
  showEdit(pair);
  drawState();
}

// Of a long text a screen reader is told the beginning; the whole is where it stands.
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
  const unsent = outbox.names().length;
  const cut = [t("trouble.unreachable"), unsent ? t("trouble.kept", { count: unsent }) : "", current ? t("trouble.go_on") : ""];
  const trouble = reachable ? refusal : cut.filter(Boolean).join(" ");
  slot("trouble").hidden = trouble === "";
  if (slot("trouble").textContent !== trouble) say("trouble", trouble);
  if (progress) drawProgress();
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

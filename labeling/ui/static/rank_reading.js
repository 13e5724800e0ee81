// How the texts of a pair are read: as they were written, or rendered, which the server does ahead; and both answers
// scrolled as one, each at its own pace, so that they are at their beginnings and at their ends together.

const FORGET_AFTER = 200; // texts
const AT_ONCE = 64; // texts
const LONG = 1200; // characters of both answers from which on a phone shows one at a time
const LINE = 48; // pixels that an arrow key scrolls

const panes = [slot("left"), slot("right")];
const htmlOf = new Map(); // text: its HTML, sanitised by the server, or null where it is to be shown as it is
let following = null; // the pane that is being scrolled by the other one

function drawTexts(pair) {
  setDiffering(false);
  const html = (text) => (preferences.rendered ? htmlOf.get(text) : null);
  drawPrompt(pair, html);
  if (pair.answers) return drawAnswers(pair, html);
  ["left", "right"].forEach((side, place) => {
    fill(panes[place], pair[side], html(pair[side]));
    slot(`leak-${side}`).hidden = !pair.leaks?.includes(side);
  });
}

// The one place where HTML enters the page, and it comes from `labeling.rendering` alone.
function fill(place, text, html) {
  place.classList.toggle("rendered", Boolean(html));
  if (html) place.innerHTML = html;
  else place.textContent = text;
}

function textsOf(pair) {
  return [...pair.prompt.map((turn) => turn.content), ...(pair.answers ?? [pair.left, pair.right])];
}

// Ask for the HTML of all pairs that are here, so that it is there before they are shown.
async function renderAhead() {
  if (!preferences.rendered) return;
  const wanted = new Set([current, ...held].filter(Boolean).flatMap(textsOf));
  const texts = [...wanted].filter((text) => !htmlOf.has(text)).slice(0, AT_ONCE);
  if (texts.length === 0) return;
  if (htmlOf.size > FORGET_AFTER) htmlOf.clear();
  const answer = await answerWithin(PATIENCE_MS, server.rendered({ texts }));
  texts.forEach((text, place) => { if (answer?.html) htmlOf.set(text, answer.html[place]); });
  if (answer?.html && current && !differing && textsOf(current).some((text) => texts.includes(text))) drawTexts(current);
}

addAct("reading", "m", () => prefer({ rendered: !preferences.rendered }));

onPreference.push((before) => {
  at("[data-act=reading]").setAttribute("aria-pressed", String(preferences.rendered));
  if (before.rendered === preferences.rendered) return;
  if (current) drawTexts(current);
  renderAhead();
});

// All at its beginning, and of two long answers on a phone the first: for a new pair or set.
function startReading(pair) {
  window.scrollTo(0, 0);
  for (const pane of panes) if (pane.scrollTop) pane.scrollTop = 0;
  at(".answers").classList.toggle("one-at-a-time", !pair.answers && pair.left.length + pair.right.length > LONG);
  turnTo("left");
  requestAnimationFrame(() => setTimeout(() => { // after it is painted
    letPanesBeScrolled();
    renderAhead();
  }));
}

// A pane that has more than it shows can be reached and scrolled by keys.
function letPanesBeScrolled() {
  for (const pane of panes) {
    if (isScrolled(pane)) pane.tabIndex = 0;
    else pane.removeAttribute("tabindex");
  }
}

const isScrolled = (pane) => pane.scrollHeight > pane.clientHeight + 1;
const howFar = (one) => one.scrollTop / Math.max(1, one.scrollHeight - one.clientHeight);
const goTo = (one, share) => { one.scrollTop = share * (one.scrollHeight - one.clientHeight); };

panes.forEach((pane, place) => pane.addEventListener("scroll", () => {
  if (following === pane) {
    following = null;
    return;
  }
  const other = panes[1 - place];
  const before = other.scrollTop;
  goTo(other, howFar(pane));
  following = other.scrollTop === before ? null : other;
}, { passive: true }));

// Where nothing else has the focus, the keys that scroll a page scroll the longer answer, and the other one with it.
const JUMPS = { ArrowDown: () => LINE, ArrowUp: () => -LINE, PageDown: aPage, " ": aPage, PageUp: (pane) => -aPage(pane), Home: () => -1e9, End: () => 1e9 };

function aPage(pane) {
  return pane.clientHeight - LINE;
}

document.addEventListener("keydown", (event) => {
  const jump = event.target === document.body && isForPage(event) ? JUMPS[event.key] : null;
  const longer = panes[0].scrollHeight >= panes[1].scrollHeight ? panes[0] : panes[1];
  if (!jump || !isScrolled(longer)) return;
  event.preventDefault();
  if (event.key === "End") requestAnimationFrame(() => { longer.scrollTop += jump(longer); }); // what came into sight is laid out only now
  longer.scrollTop += event.shiftKey && event.key === " " ? -jump(longer) : jump(longer);
});

// On a phone, of two long answers one is shown; turning to the other keeps how far one has read.
function turnTo(side) {
  at(".answers").dataset.shown = side;
  for (const button of all("[data-side]")) button.setAttribute("aria-pressed", String(button.dataset.side === side));
}

at(".switch").addEventListener("click", ({ target }) => {
  const side = target.closest("button")?.dataset.side;
  if (!side) return;
  const from = at(".answers").getBoundingClientRect();
  const share = Math.min(1, Math.max(0, -from.top / Math.max(1, from.height)));
  turnTo(side);
  const to = at(".answers").getBoundingClientRect();
  if (from.top < 0) window.scrollTo(0, window.scrollY + to.top + share * to.height);
});

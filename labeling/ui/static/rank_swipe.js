// A finger that draws the answers to the left says that A is better, to the right that B is; the further, the better.
// What letting go would mean stands on the page meanwhile. Up and down is the browser's: the page scrolls as ever.

const SWIPES = [[0.55, 4], [0.36, 3], [0.18, 2]]; // share of the window's width, and the strength from there on
const EDGE = 28; // pixels at either side that are left to the browser, which goes back from there
const RESOLVE = 10; // pixels until it is plain in which direction a finger goes

let swipe = null; // where a finger came down, and how far it went

at(".answers").addEventListener("pointerdown", (event) => {
  const isOurs = event.pointerType === "touch" && event.isPrimary && preferences.swipe && current;
  const onEdge = event.clientX < EDGE || event.clientX > window.innerWidth - EDGE;
  if (isOurs && !onEdge && !scrollsSideways(event.target)) swipe = { id: event.pointerId, x: event.clientX, y: event.clientY, far: 0, showing_id: current.showing_id };
});

document.addEventListener("pointermove", (event) => {
  if (!swipe || event.pointerId !== swipe.id) return;
  const [x, y] = [event.clientX - swipe.x, event.clientY - swipe.y];
  if (!swipe.far && Math.hypot(x, y) < RESOLVE) return;
  if (!swipe.far && Math.abs(y) > Math.abs(x)) return endSwipe();
  swipe.far = x;
  const name = swipedAct();
  at(".answers").style.transform = `translateX(${x / 3}px)`;
  at(".swipe-hint").hidden = false;
  at(".swipe-hint").dataset.side = x < 0 ? "a" : "b";
  at(".swipe-hint").classList.toggle("decided", name !== null);
  say("swipe", name ? t(`decision.${name}`) : t(x < 0 ? "swipe.further_a" : "swipe.further_b"));
});

// Else the browser would take the end of it for a throw, and the next tap for the hand that stops what was thrown.
at(".answers").addEventListener("touchmove", (event) => { if (swipe?.far && event.cancelable) event.preventDefault(); }, { passive: false });

document.addEventListener("pointerup", (event) => {
  if (!swipe || event.pointerId !== swipe.id) return;
  const name = current?.showing_id === swipe.showing_id ? swipedAct() : null;
  endSwipe();
  if (name) act(name);
});

document.addEventListener("pointercancel", () => endSwipe());

function swipedAct() {
  const found = SWIPES.find(([share]) => Math.abs(swipe.far) >= share * window.innerWidth);
  return found ? (swipe.far < 0 ? "a" : "b") + found[1] : null;
}

function endSwipe() {
  swipe = null;
  at(".answers").style.transform = "";
  at(".swipe-hint").hidden = true;
}

// Whether a finger on it moves something of its own from side to side, as a wide table.
function scrollsSideways(place) {
  for (let one = place; one && one !== page; one = one.parentElement) {
    if (one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible") return true;
  }
  return false;
}

onPreference.push(() => at(".answers").classList.toggle("swiped", preferences.swipe));

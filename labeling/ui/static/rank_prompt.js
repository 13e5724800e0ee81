// The prompt of what is on the Rank page. Of a long conversation the turns before the last ones are behind a button.

const LAST = 3; // turns that are always there
let opened = null; // the showing whose earlier turns are open

function drawPrompt(pair, html) {
  const turns = pair.prompt.map((turn) => turnElement(turn, pair.prompt.length > 1, html(turn.content)));
  const first = pair.prompt[0]?.role === "system" ? 1 : 0; // what the model was told holds for all of it
  const earlier = turns.slice(first, -LAST);
  if (earlier.length > 1) turns.splice(first, opened === pair.showing_id ? 0 : earlier.length, earlierButton(pair, html, earlier.length));
  at(".turns").replaceChildren(...turns);
  at(".turns").scrollTop = pair.prompt.length > 1 ? at(".turns").scrollHeight : 0; // what is asked stands last
}

function earlierButton(pair, html, count) {
  const button = document.createElement("button");
  const isOpen = opened === pair.showing_id;
  button.type = "button";
  button.className = "earlier";
  button.textContent = t(isOpen ? "prompt.fewer" : "prompt.earlier", { count });
  button.setAttribute("aria-expanded", String(isOpen));
  button.addEventListener("click", () => {
    opened = isOpen ? null : pair.showing_id;
    drawPrompt(pair, html);
    at(".turns .earlier").focus(); // and so in view
  });
  return button;
}

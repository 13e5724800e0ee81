// The thumbs under an answer. A press is sent at once, and shows as pressed when the server has stored it; while
// the server is out of reach it is sent again under the same key, so that it is stored once. Nothing waits for it.
const TRIES = 4;
const AGAIN_MS = 1500;
const UNSAVED = "Not saved, for the app does not answer. Press again.";

async function send(asked) {
  for (let tried = 1; tried <= TRIES; tried += 1) {
    const answer = await server.rate(asked).catch(() => undefined);
    if (answer !== undefined) return answer;
    if (tried < TRIES) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  return { error: UNSAVED };
}

element.addEventListener("click", async ({ target }) => {
  const button = target.closest(".thumbs [aria-pressed]");
  const group = button?.parentElement;
  if (!button || group.ariaBusy === "true") return;
  group.ariaBusy = "true";
  const pressed = button.getAttribute("aria-pressed") === "true";
  const thumb = pressed ? "withdrawn" : button.name;
  const answer = await send({ answer: group.dataset.answer, thumb, client_key: newKey() });
  group.ariaBusy = "false";
  const stored = group.querySelector(".stored");
  stored.classList.toggle("trouble", Boolean(answer.error));
  stored.textContent = answer.error ?? answer.note;
  if (answer.error) return;
  for (const each of group.querySelectorAll("[aria-pressed]")) each.setAttribute("aria-pressed", String(each.name === answer.thumb));
});

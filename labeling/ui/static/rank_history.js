// A labeler's own newest votes: to look at again, and to change. A changed vote supersedes the one before it.

async function openHistory() {
  at("dialog.history").showModal();
  say("history", "Looking.");
  at(".mine").replaceChildren();
  const answer = await answerWithin(PATIENCE_MS, server.history({}));
  const votes = answer?.votes ?? [];
  const waiting = outbox.names().length ? " Votes that are not sent yet are not among them." : "";
  say("history", answer?.error ?? (answer === undefined ? "The server cannot be reached: try again."
    : votes.length ? `Choose one to decide again.${waiting}` : `There are none yet.${waiting}`));
  at(".mine").replaceChildren(...votes.map(voteItem));
}

function voteItem(vote) {
  const [, , name] = Object.values(DECISIONS).find(([verdict, strength]) => verdict === vote.verdict && strength === vote.strength);
  const item = document.createElement("li");
  const button = document.createElement("button");
  const asked = document.createElement("span");
  asked.textContent = vote.prompt.at(-1).content;
  const said = document.createElement("b");
  said.textContent = vote.details.flagged ? "flagged" : name;
  button.append(said, asked);
  button.addEventListener("click", () => decideAgain(vote));
  item.append(button);
  return item;
}

function decideAgain(vote) {
  at("dialog.history").close();
  putBack();
  const { showing_id, prompt, left, right, details } = vote;
  show({ showing_id, prompt, left, right, said: { ...nothing(), ...details, flagged: false }, amend: true });
  toast("Decide again: the newest decision counts.", false);
}

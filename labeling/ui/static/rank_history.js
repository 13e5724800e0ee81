// A labeler's own newest votes: to look at again, and to change. A changed vote supersedes the one before it.

async function openHistory() {
  at("dialog.history").showModal();
  say("history", t("history.looking"));
  at(".mine").replaceChildren();
  const answer = await answerWithin(PATIENCE_MS, server.own_history({}));
  const votes = answer?.votes ?? [];
  const waiting = outbox.names().length ? ` ${t("history.waiting")}` : "";
  say("history", answer?.error ?? t(answer === undefined ? "history.unreachable" : votes.length ? "history.choose" : "history.none")
    + (answer?.votes ? waiting : ""));
  at(".mine").replaceChildren(...votes.map(voteItem));
}

function voteItem(vote) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  const asked = document.createElement("span");
  asked.textContent = vote.prompt.at(-1).content;
  const said = document.createElement("b");
  said.textContent = vote.details.flagged ? t("decision.flag") : vote.edited ? t("decision.edited") : decisionOf(vote);
  button.append(said, asked);
  button.addEventListener("click", () => decideAgain(vote));
  item.append(button);
  return item;
}

function decideAgain(vote) {
  at("dialog.history").close();
  putBack();
  const { showing_id, prompt, left, right, answers, ranks, edited, details } = vote;
  const edit = edited ? { text: edited, start: "", verdict: vote.verdict } : undefined;
  show({ showing_id, prompt, left, right, answers, ranks, edit, said: { ...nothing(), ...details, flagged: false }, amend: true });
  toast(t("toast.again"), false);
}

addAct("history", "h", openHistory);

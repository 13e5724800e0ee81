// The guideline, one key away, and confirmed when it is new; and what a labeler is told of how they do.

let version = 0; // of the guideline that holds
let toConfirm = false;

async function openGuideline(isNew = false) {
  const dialog = at("dialog.guideline");
  toConfirm = isNew;
  const ways = [...dialog.querySelectorAll("form button")];
  [ways[0].hidden, ways[1].hidden] = [!isNew, isNew];
  say("guideline-new", isNew ? t("guideline.new") : "");
  say("guideline", t("history.looking"));
  if (!dialog.open) dialog.showModal();
  const answer = await answerWithin(PATIENCE_MS, server.guideline({}));
  const text = slot("guideline");
  if (answer?.html) text.innerHTML = answer.html; // sanitised by the server
  else say("guideline", answer?.error ?? answer?.text ?? t("history.unreachable"));
  text.classList.toggle("rendered", Boolean(answer?.html));
  if (answer?.version === 0) say("guideline", t("guideline.none"));
  if (answer?.version) version = answer.version;
}

// Of the server's answer to a look for pairs: whether there is a guideline to confirm, and whether to look more closely.
function told({ guideline, warned }) {
  notice("warned", warned ? t("attention.warned") : "");
  if (guideline?.version > guideline?.confirmed && !at("dialog.guideline").open) openGuideline(true);
}

// After a vote of the calibration set: what is known of its pair.
function known({ verdict, agreed, why }) {
  const decision = t(`known.${verdict}`);
  notice("known", agreed ? t("calibration.same", { decision, why }) : t("calibration.other", { decision, why }));
}

// One that is to be confirmed stays; a browser closes it all the same at the second press of Escape, or of Back.
at("dialog.guideline").addEventListener("cancel", (event) => { if (toConfirm) event.preventDefault(); });
at("dialog.guideline").addEventListener("close", () => { if (toConfirm) openGuideline(true); });
at("[name=confirm-guideline]").addEventListener("click", async (event) => {
  event.preventDefault();
  const answer = await answerWithin(PATIENCE_MS, server.confirm_guideline({ version }));
  if (answer?.version) {
    toConfirm = false;
    return at("dialog.guideline").close();
  }
  await openGuideline(true); // as it was changed meanwhile
  say("guideline-new", answer?.error ?? t("history.unreachable"));
});

addAct("guideline", "g", () => openGuideline());

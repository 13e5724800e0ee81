// A better answer than both of a pair's: written from one of them or from nothing. It is kept through a reload until it
// is saved, and an undo brings it back.

const editDrafts = new Drafts("plumbline.edits");
const BETTER = 3; // of 4: how much better the one of the two is that is said to be

let edit = null; // { text, start, verdict, open }; a verdict of null is what follows from the start

function showEdit(pair) {
  if (pair?.edit) edit = { ...pair.edit, open: true };
  else edit = pair && !pair.answers ? editDrafts.of(pair.showing_id) : null;
  drawEdit();
}

function changeEdit(what) {
  edit = { ...edit, ...what };
  editDrafts.keep(current.showing_id, edit);
  drawEdit();
}

const verdictOf = () => edit.verdict ?? (edit.start || "skip");

function drawEdit() {
  const isOpen = Boolean(edit?.open && current);
  at(".edit").hidden = !isOpen;
  at("[data-act=edit]").setAttribute("aria-expanded", String(isOpen));
  if (!isOpen) return;
  if (at("[name=better]").value !== edit.text) at("[name=better]").value = edit.text;
  for (const one of all("[data-start]")) one.setAttribute("aria-pressed", String(one.dataset.start === edit.start));
  for (const one of all("[data-better]")) one.setAttribute("aria-pressed", String(one.dataset.better === verdictOf()));
  editTrouble("");
}

function editTrouble(text) {
  slot("edit").hidden = text === "";
  say("edit", text);
}

function toggleEdit() {
  if (!current || current.answers) return;
  changeEdit(edit ? { open: !edit.open } : { text: current.left, start: "left", verdict: null, open: true });
  if (edit.open) {
    at("[name=better]").focus();
    at(".edit").scrollIntoView({ block: "nearest" });
  } else {
    at("[data-act=edit]").focus();
  }
}

// The text of another start is taken only in place of one that was not worked on.
function startFrom(start) {
  const from = (side) => (side ? current[side] : "");
  changeEdit({ start, text: edit.text === from(edit.start) ? from(start) : edit.text });
  at("[name=better]").focus();
}

function saveEdit() {
  const text = edit.text.toWellFormed?.() ?? edit.text; // half a character cannot be stored
  const side = ["left", "right"].find((one) => current[one].trim() === text.trim());
  if (!text.trim()) return editTrouble(t("edit.is_empty"));
  if (side) return editTrouble(t("edit.unchanged", { side: side === "left" ? "A" : "B" }));
  const verdict = verdictOf();
  editDrafts.forget(current.showing_id);
  document.activeElement?.blur();
  decide("edited", { text, start: edit.start, verdict, strength: ["left", "right"].includes(verdict) ? BETTER : 0 }, { edit });
}

at(".edit").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.dataset.start !== undefined) startFrom(button.dataset.start);
  if (button?.dataset.better !== undefined) changeEdit({ verdict: button.dataset.better });
  if (button?.name === "save-edit") saveEdit();
  if (button?.name === "close-edit") toggleEdit();
});
at("[name=better]").addEventListener("input", ({ target }) => changeEdit({ text: target.value }));
at(".edit").addEventListener("keydown", (event) => {
  if (event.key === "Escape") toggleEdit(); // what is written stays
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveEdit();
});

addAct("edit", "e", toggleEdit);

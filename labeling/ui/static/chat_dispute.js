// An answer that somebody disputes: another one is asked for beside it, or a better one is written in its place. What is
// written is kept through a reload until it is saved, with the key under which it is saved once.
const EDITS = "plumbline.chat-edit.";
const kept = (() => { try { return localStorage; } catch { return null; } })();
let saving = null; // the answer whose edit is on its way

function draftOf(answer) {
  try {
    return JSON.parse(kept?.getItem(EDITS + answer) ?? "null");
  } catch {
    return null;
  }
}

function keep(answer, draft) {
  try {
    kept?.setItem(EDITS + answer, JSON.stringify(draft));
  } catch { // storage is full: then a reload loses what was not saved
  }
}

function openEdit(group) {
  const answer = group.dataset.answer;
  const said = group.previousElementSibling.querySelector(".said");
  const draft = draftOf(answer) ?? { text: said.textContent, client_key: newKey() };
  const form = document.createElement("form");
  form.className = "edit";
  form.innerHTML = `<textarea aria-label="A better answer"></textarea><p class="trouble" role="alert" hidden></p>
    <div><button type="submit">Save <kbd>Ctrl Enter</kbd></button><button type="button" name="close">Close <kbd>Esc</kbd></button></div>`;
  const area = form.querySelector("textarea");
  area.value = draft.text;
  area.addEventListener("input", () => keep(answer, { ...draft, text: area.value }));
  const close = () => { form.remove(); group.hidden = false; group.querySelector("[name=edit]").focus(); };
  form.querySelector("[name=close]").addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close(); // what is written stays as a draft
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = area.value.toWellFormed?.() ?? area.value; // half a character cannot be stored
    const same = text.trim() === said.textContent.trim();
    const trouble = form.querySelector(".trouble");
    trouble.hidden = Boolean(text.trim()) && !same;
    trouble.textContent = same ? "This is the answer unchanged: change it first." : "The better answer is empty: write one.";
    if (!trouble.hidden) return;
    saving = answer;
    trigger("better", { answer, text, client_key: draft.client_key });
  });
  group.hidden = true;
  group.after(form);
  area.style.height = `${Math.min(area.scrollHeight + 4, 480)}px`;
  area.focus();
}

element.addEventListener("click", ({ target }) => {
  const button = target.closest(".thumbs .worded");
  if (!button) return;
  const group = button.closest(".thumbs");
  if (button.name === "edit") return openEdit(group);
  for (const each of element.querySelectorAll(".thumbs .worded")) each.disabled = true; // until the page is drawn anew
  trigger("dispute", { answer: group.dataset.answer });
});

// The page is drawn anew once an edit is stored, and not where it was refused.
watch("value", () => {
  if (saving) kept?.removeItem(EDITS + saving);
  saving = null;
});

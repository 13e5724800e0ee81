// What a labeler says of the pair on the Rank page besides the verdict: reasons to pick from, grades of both answers,
// words of their own. It is kept through a reload, and goes with the vote that follows.

const saidDrafts = new Drafts("plumbline.drafts");
const GRADES = [1, 2, 3, 4, 5];

let project = { reasons: [], flags: [], criteria: [] }; // what can be picked and graded
let said = nothing();

function nothing() {
  return { flagged: false, reasons: [], comment: "", ratings: {} };
}

function saidOf(pair) {
  return { ...nothing(), ...(pair && saidDrafts.of(pair.showing_id)) };
}

function setProject(set) {
  if (!set || JSON.stringify(set) === JSON.stringify(project)) return;
  project = set;
  drawWhy();
}

// Open, or closed: then nothing is drawn, for a key press waits for it.
function drawWhy(open = !at(".why").hidden || JSON.stringify(said) !== JSON.stringify(nothing())) {
  at(".why").hidden = !open || !current;
  at("[data-act=why]").setAttribute("aria-expanded", String(!at(".why").hidden));
  if (at(".why").hidden) return;
  at(".criteria").replaceChildren(...project.criteria.map(criterion));
  for (const kind of ["reasons", "flags"]) {
    const group = at(`[data-chips=${kind}]`);
    group.replaceChildren(group.firstElementChild, ...project[kind].map((word) => chip(wordOf(word), said.reasons.includes(word), () => pick(word))));
    group.hidden = project[kind].length === 0;
  }
  if (at("[name=comment]").value !== said.comment) at("[name=comment]").value = said.comment;
}

// The reasons that come with the app are in every catalogue; what a researcher set is shown as it is.
function wordOf(word) {
  return plumbline.has(`word.${word}`) ? t(`word.${word}`) : word;
}

function chip(word, isOn, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = word;
  button.setAttribute("aria-pressed", String(isOn));
  button.addEventListener("click", act);
  return button;
}

function criterion(name) {
  const block = document.createElement("div");
  block.className = "criterion";
  const title = document.createElement("span");
  title.textContent = name;
  block.append(title, ...["A", "B"].map((side, place) => {
    const grades = document.createElement("div");
    grades.setAttribute("role", "group");
    grades.setAttribute("aria-label", t("why.grades", { criterion: name, side }));
    const letter = document.createElement("b");
    letter.textContent = side;
    grades.append(letter, ...GRADES.map((grade) => chip(grade, said.ratings[name]?.[place] === grade, () => giveGrade(name, place, grade))));
    return grades;
  }));
  return block;
}

function pick(word) {
  const on = said.reasons.includes(word);
  change({ reasons: on ? said.reasons.filter((one) => one !== word) : [...said.reasons, word] });
}

// A grade counts once both answers have one.
function giveGrade(name, place, grade) {
  const both = [...(said.ratings[name] ?? [null, null])];
  both[place] = both[place] === grade ? null : grade;
  change({ ratings: { ...said.ratings, [name]: both } });
}

function change(what) {
  said = { ...said, ...what };
  saidDrafts.keep(current.showing_id, said);
  const place = [...at(".why").querySelectorAll("button")].indexOf(document.activeElement);
  drawWhy();
  if (place >= 0) at(".why").querySelectorAll("button")[place].focus(); // drawn anew, it would lose it
}

at("[name=comment]").addEventListener("input", ({ target }) => {
  if (current) change({ comment: target.value.toWellFormed?.() ?? target.value }); // half a character cannot be stored
});
at("[name=comment]").addEventListener("keydown", (event) => { if (event.key === "Escape") event.target.blur(); });

addAct("why", "r", () => {
  drawWhy(at(".why").hidden);
  at(".why").scrollIntoView({ block: "nearest" });
});

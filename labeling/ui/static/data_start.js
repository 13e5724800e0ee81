// Where one is: the address says it, so that it can be sent to somebody, and the way back works.

function address() {
  return `./data?${new URLSearchParams(open === null ? { list, ...filters } : { prompt: open })}`;
}

function go(to) {
  history.pushState(null, "", to);
  arrive();
}

function arrive() {
  const said = new URLSearchParams(window.location.search);
  const promptId = Number(said.get("prompt"));
  open = Number.isSafeInteger(promptId) && promptId > 0 ? promptId : null;
  const wanted = said.get("list");
  if (open === null) {
    list = wanted === "snapshots" || wanted in LISTS ? wanted : "prompts";
    const names = [...(LISTS[list]?.filters ?? []), "search"];
    filters = Object.fromEntries(names.filter((name) => said.get(name)).map((name) => [name, said.get(name)]));
    edge = {};
    chosen.clear();
  }
  for (const entry of page.querySelectorAll(".lists a")) {
    if (open === null && entry.dataset.list === list) entry.setAttribute("aria-current", "page"); else entry.removeAttribute("aria-current");
  }
  at(".listed").hidden = open !== null || list === "snapshots";
  at(".snapshots").hidden = open !== null || list !== "snapshots";
  at(".one").hidden = open === null;
  at(".adding").close();
  at(".alike").close();
  if (open !== null) lookAt(open).then(() => at(".one h2")?.focus({ preventScroll: true }));
  else { drawFilters(); look(); }
}

function refresh() {
  if (open !== null) lookAt(open); else look();
  count();
}

let typing;

// The chosen prompts, or else all that fit the filters, after a question: they can be many.
function curateMany(deed) {
  if (chosen.size === 0 && !window.confirm("Do this to all prompts that fit the filters, on all pages?")) return;
  curate(deed, at("[name=word]").value, chosen.size ? { prompt_ids: [...chosen] } : { filters });
}

at("[name=search]").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => filter("search", event.target.value.trim()), 200);
});
at("[name=newer]").addEventListener("click", () => { edge = { after: shown[0][LISTS[list].key] }; look(); });
at("[name=older]").addEventListener("click", () => { edge = { before: shown.at(-1)[LISTS[list].key] }; look(); });
at("[name=all]").addEventListener("click", chooseAll);
at(".chosen").addEventListener("submit", (event) => event.preventDefault());
for (const deed of Object.keys(DONE)) {
  at(`.chosen [name=${deed}]`).addEventListener("click", () => curateMany(deed));
}
at("[name=add]").addEventListener("click", startAdding);
at("[name=turn]").addEventListener("click", () => addTurn());
at("[name=save]").addEventListener("click", saveAdded);
at("[name=duplicates]").addEventListener("click", findAlike);
page.addEventListener("click", (event) => {
  const to = event.target.closest?.("a[href^='./data?']");
  if (!to || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  tellDone("");
  go(to.getAttribute("href"));
});
window.addEventListener("popstate", arrive);
window.addEventListener("focus", refresh);
if (window.matchMedia("(max-width: 720px)").matches) at(".filters").open = false;
arrive();
count();

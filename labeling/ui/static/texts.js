// What a labeler reads, in the language of their browser or in the one that they chose. Every page has this in its head
// as `plumbline`: t(key, values) is a text, number(value, digits) a number as the language writes it.

globalThis.plumbline = ((catalogues) => {
  const CHOICE = "plumbline.language";
  const FALLBACK = "en";
  const listeners = [];
  let code, plurals;

  function use(wanted) {
    code = wanted;
    plurals = new Intl.PluralRules(code);
    for (const listener of listeners) listener();
  }

  // What was chosen here before, else the first language that the browser asks for and there is: "de-AT" finds "de".
  function preferred() {
    const asked = [remembered(), ...navigator.languages].filter(Boolean).flatMap((one) => [one, one.split("-")[0]]);
    return asked.find((one) => Object.hasOwn(catalogues, one)) ?? FALLBACK;
  }

  function remembered() {
    try { return localStorage.getItem(CHOICE); } catch { return null; } // where storage is forbidden
  }

  function choose(wanted) {
    try { localStorage.setItem(CHOICE, wanted); } catch { /* then it holds until the page is left */ }
    use(wanted);
  }

  function t(key, values = {}) {
    const entry = catalogues[code].texts[key] ?? catalogues[FALLBACK].texts[key];
    if (entry === undefined) return key; // a test finds it
    const text = typeof entry === "string" ? entry : entry[plurals.select(values.count)] ?? entry.other;
    return text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : values[name]));
  }

  const has = (key) => Object.hasOwn(catalogues[FALLBACK].texts, key);
  const number = (value, digits = 0) => new Intl.NumberFormat(code, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

  // Put its texts into what is marked in HTML: data-t is the text of an element, data-t-label its name for a screen
  // reader, data-t-placeholder what stands in an empty field. `whole` is for a page that is all in this language.
  function translate(root, whole = false) {
    for (const one of whole ? [document.documentElement, root] : [root]) {
      one.lang = code;
      one.dir = catalogues[code].direction;
    }
    for (const one of root.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
    for (const one of root.querySelectorAll("[data-t-label]")) one.setAttribute("aria-label", t(one.dataset.tLabel));
    for (const one of root.querySelectorAll("[data-t-placeholder]")) one.placeholder = t(one.dataset.tPlaceholder);
  }

  // Draw now, and again whenever another language is chosen.
  function onLanguage(draw) {
    listeners.push(draw);
    draw();
  }

  use(preferred());
  const languages = Object.entries(catalogues).map(([one, { name }]) => [one, name]);
  return { t, has, number, translate, onLanguage, choose, languages, language: () => code };
})(globalThis.plumblineCatalogues);

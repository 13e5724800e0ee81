// What a labeler prefers on the Rank page, remembered in this browser under their name.

const PREFERENCES = "plumbline.preferences.";
const PREFERRED = { single_keys: true, swipe: true, rendered: false, keys: {} };

let preferences = PREFERRED;
let whose = null; // known with the first pairs
const onPreference = []; // called with what they were whenever they are others

function preferencesOf(labeler) {
  if (labeler === whose) return;
  whose = labeler;
  try {
    usePreferences({ ...PREFERRED, ...JSON.parse(storage?.getItem(PREFERENCES + whose) ?? "{}") });
  } catch { // spoilt: then the defaults
    usePreferences(PREFERRED);
  }
}

function prefer(change) {
  usePreferences({ ...preferences, ...change });
  if (whose === null) return;
  try {
    storage?.setItem(PREFERENCES + whose, JSON.stringify(preferences));
  } catch { // storage is full: then they hold until the page is left
  }
}

function usePreferences(now) {
  const before = preferences;
  preferences = now;
  for (const box of all("[data-preference]")) box.checked = preferences[box.dataset.preference];
  for (const listener of onPreference) listener(before);
}

for (const box of all("[data-preference]")) {
  box.addEventListener("change", () => prefer({ [box.dataset.preference]: box.checked }));
}

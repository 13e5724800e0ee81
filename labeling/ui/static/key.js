// A key for one decision, made anew for each: the server takes whatever comes twice under one key as the same.
function newKey() {
  if (globalThis.crypto?.randomUUID) return crypto.randomUUID(); // absent on plain http from another machine
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

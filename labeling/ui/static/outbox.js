// The outbox: deeds (votes and undos) that the server has not acknowledged yet, each an entry of its own in
// localStorage, so that neither a reload, a crash of the browser nor a second tab loses one. They are sent one by one
// in the order in which they were done, until the server has each of them; its key makes a second sending harmless.
// A deed is its labeler's: what another one left behind in this browser waits until they are back.

const PREFIX = "plumbline.outbox.";
const PATIENCE_MS = 15000;
const LONGEST_WAIT_MS = 10000;
const storage = (() => { try { return localStorage; } catch { return null; } })(); // null where it is forbidden

class Outbox {
  // send(deed) resolves to the server's answer, or to undefined when it cannot be reached. An answer with an error is a
  // refusal, which stands: the deed leaves the outbox, so that it is in no other one's way.
  constructor(send, onAnswer, onChange) {
    Object.assign(this, { send, onAnswer, onChange, memory: new Map(), wait: 0, sending: false, count: 0, labeler: null });
    for (const event of ["online", "focus"]) window.addEventListener(event, () => this.flush(true));
  }

  // Who is at the page, which the server says; nothing is sent before.
  belongTo(labeler) {
    this.labeler = labeler;
    this.flush();
  }

  names() {
    const stored = Object.keys(storage ?? {}).filter((name) => name.startsWith(PREFIX));
    return [...stored, ...this.memory.keys()].filter((name) => this.isOurs(name)).sort();
  }

  isOurs(name) {
    const { labeler = this.labeler } = this.read(name) ?? {};
    return this.labeler === null || labeler === null || labeler === this.labeler;
  }

  // The deed of this name, or null when another tab has just sent it, or it is spoilt.
  read(name) {
    try {
      const deed = this.memory.get(name) ?? JSON.parse(storage.getItem(name));
      return typeof deed.client_key === "string" ? deed : null;
    } catch {
      return null;
    }
  }

  forget(name) {
    this.memory.delete(name);
    storage?.removeItem(name);
  }

  deeds() {
    return this.names().map((name) => this.read(name)).filter(Boolean);
  }

  put(deed) {
    const name = PREFIX + String(Date.now()).padStart(15, "0") + "." + String(this.count++).padStart(6, "0") + "." + deed.client_key;
    try {
      storage.setItem(name, JSON.stringify({ ...deed, labeler: this.labeler }));
    } catch { // storage is full or forbidden: keep it as long as the page lives
      this.memory.set(name, deed);
    }
    this.flush();
  }

  // One tab sends at a time, so that an undo never overtakes the vote before it.
  async flush(atOnce = false) {
    if (atOnce) this.wake?.();
    if (this.sending || this.labeler === null) return;
    this.sending = true;
    try {
      await (storage && navigator.locks ? navigator.locks.request(PREFIX, () => this.drain()) : this.drain());
    } finally {
      this.sending = false;
    }
  }

  async drain() {
    for (let name; (name = this.names()[0]) !== undefined; ) {
      const deed = this.read(name);
      if (!deed) {
        if (storage?.getItem(name)) this.onAnswer({}, { error: plumbline.t("trouble.unreadable") });
        this.forget(name);
        continue;
      }
      const answer = await answerWithin(PATIENCE_MS, this.send(deed));
      if (answer === undefined) {
        this.wait = Math.min(Math.max(1000, this.wait * 2), LONGEST_WAIT_MS);
        this.onChange();
        await new Promise((resolve) => { this.wake = resolve; setTimeout(resolve, this.wait); });
        continue;
      }
      this.wait = 0;
      if (answer.labeler) { // somebody else has logged in
        this.labeler = answer.labeler;
        continue;
      }
      this.forget(name);
      this.onAnswer(deed, answer);
      this.onChange();
    }
  }
}

function answerWithin(milliseconds, promise) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, milliseconds))]).catch(() => undefined);
}

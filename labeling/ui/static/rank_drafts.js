// What a labeler has begun of a pair and not sent: kept in this browser through a reload, and while they are at another
// pair. There is a list for each kind of it, the newest last.

const MOST_DRAFTS = 8; // of a kind: the oldest goes

class Drafts {
  constructor(name) {
    this.name = name;
  }

  // Pairs of showing_id and draft; none where they are spoilt.
  all() {
    try {
      return JSON.parse(storage?.getItem(this.name) ?? "[]").filter(([showing_id, draft]) => Number.isInteger(showing_id) && draft);
    } catch {
      return [];
    }
  }

  of(showing_id) {
    return this.all().find(([one]) => one === showing_id)?.[1] ?? null;
  }

  keep(showing_id, draft) {
    this.store([...this.all().filter(([one]) => one !== showing_id), [showing_id, draft]].slice(-MOST_DRAFTS));
  }

  forget(showing_id) {
    const drafts = this.all();
    if (drafts.length) this.store(drafts.filter(([one]) => one !== showing_id));
  }

  store(drafts) {
    try {
      storage?.setItem(this.name, JSON.stringify(drafts));
    } catch { // storage is full: then a reload loses what was not sent
    }
  }
}

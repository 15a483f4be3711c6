// The last 24 hours of intensity, merged by stamp from the retained series and from the
// increments that came live. Times are whole seconds since 1970, UTC.

export const WINDOW_S = 24 * 3600;

/** The second an RFC 3339 text names; null for null. */
export const seconds = (text) => (text === null ? null : Math.round(Date.parse(text) / 1000));

export class Line {
  #points = new Map();
  /** Of each increment, the stamp it says came before it. */
  #prevs = new Map();
  /** Up to here a series has vouched for everything; null before one did. */
  #through = null;

  /** The newest stamp, null while there is none. */
  newest = null;

  /** Where the 24 hours begin, themselves excluded; null while there is no stamp. */
  get start() {
    return this.newest === null ? null : this.newest - WINDOW_S;
  }

  get size() {
    return this.#points.size;
  }

  /**
   * Takes a series `{through, ts, values}` over what is known. One that is without a hole
   * also takes away what it does not have: a correction may remove a step.
   */
  takeSeries({ through, ts, values }) {
    const stamps = ts.map(seconds);
    const last = stamps.at(-1) ?? null;
    const vouched = seconds(through);
    if (vouched !== null && (last === null || vouched >= last)) {
      this.#forgetWithin(stamps);
      this.#through = Math.max(vouched, this.#through ?? vouched);
    }
    stamps.forEach((stamp, i) => this.#put(stamp, values[i]));
    this.#prune();
  }

  /** Takes an increment `{ts, prev, value}`. */
  add({ ts, prev, value }) {
    const stamp = seconds(ts);
    this.#put(stamp, value);
    this.#prevs.set(stamp, seconds(prev));
    this.#prune();
  }

  /** Forgets that a series has vouched: there may be news behind it. */
  doubt() {
    this.#through = null;
  }

  /** Whether nothing is missing: a series was whole, and each increment hangs on a point. */
  get whole() {
    return this.#through !== null && [...this.#prevs.values()].every((prev) => this.#hangs(prev));
  }

  /** The points in time order, as two columns. */
  columns() {
    const stamps = [...this.#points.keys()].sort((a, b) => a - b);
    return [stamps, stamps.map((stamp) => this.#points.get(stamp))];
  }

  #hangs(prev) {
    return prev === null || prev <= this.#through || prev <= this.start || this.#points.has(prev);
  }

  #put(stamp, value) {
    this.#points.set(stamp, value);
    this.newest = Math.max(stamp, this.newest ?? stamp);
  }

  #forgetWithin(stamps) {
    const kept = new Set(stamps);
    for (const stamp of this.#points.keys())
      if (stamp >= stamps[0] && stamp <= stamps.at(-1) && !kept.has(stamp))
        this.#points.delete(stamp);
  }

  #prune() {
    for (const known of [this.#points, this.#prevs])
      for (const stamp of known.keys()) if (stamp <= this.start) known.delete(stamp);
  }
}

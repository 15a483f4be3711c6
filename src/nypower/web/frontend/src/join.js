// How a page joins without a hole: it takes the retained series and the increments together
// until nothing is missing, then lives on increments alone. Where an increment hangs in the
// air, or a correction came, it takes the series again.

import { seconds } from "./line.js";

export class Join {
  #line;
  #subscribe;
  #unsubscribe;
  /** Whether the series is subscribed to, and how many came since. */
  #following = false;
  #received = 0;
  /** After a correction the retained series may be the one before it: a newer one is due. */
  #newerDue = false;

  constructor(line, { subscribe, unsubscribe }) {
    this.#line = line;
    this.#subscribe = subscribe;
    this.#unsubscribe = unsubscribe;
  }

  get following() {
    return this.#following;
  }

  /** The broker is there (again), and knows no subscription of ours. */
  connected() {
    this.#line.doubt();
    this.#follow();
  }

  series(payload, retained) {
    if (!this.#following) return; // it was on its way when it was no longer wanted
    this.#line.takeSeries(payload);
    this.#received += 1;
    if (!retained || this.#received > 1) this.#newerDue = false;
    this.#settle();
  }

  increment(payload) {
    this.#line.add(payload);
    if (!this.#line.whole && !this.#following) this.#follow();
    else this.#settle();
  }

  correction({ ts }) {
    if (this.#line.start === null || seconds(ts) <= this.#line.start) return;
    this.#newerDue = true;
    if (!this.#following) this.#follow();
  }

  #follow() {
    this.#following = true;
    this.#received = 0;
    this.#subscribe();
  }

  #settle() {
    if (!this.#following || !this.#line.whole || this.#newerDue) return;
    this.#following = false;
    this.#unsubscribe();
  }
}

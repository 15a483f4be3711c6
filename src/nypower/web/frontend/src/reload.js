// Loading the page again: on request, and when live data begin. Never in a loop.

const AT_LEAST_APART_MS = 5_000;
const ATTEMPTS_AFTER_S = [1, 3, 10, 30];

let due = false;

/** Loads the page again within a second or so, not all pages at once, and not right after
 * it was loaded. */
export function reloadSoon() {
  if (due) return;
  due = true;
  const rest = Math.max(0, AT_LEAST_APART_MS - performance.now());
  setTimeout(() => location.reload(), rest + 1000 * Math.random());
}

/** The topic root of the page that the server serves now, null where it gives none. */
async function servedRoot() {
  try {
    const answer = await fetch("/", { cache: "no-store" });
    const served = new DOMParser().parseFromString(await answer.text(), "text/html");
    return JSON.parse(served.getElementById("config").textContent).root;
  } catch {
    return null;
  }
}

/**
 * Live data have begun: changes over once the server serves them, which may take it some
 * seconds. Looks a few times and then lets it be.
 */
export class Follower {
  #root;
  #timers = [];

  constructor(root) {
    this.#root = root;
  }

  liveBegan() {
    this.#timers.forEach(clearTimeout);
    this.#timers = ATTEMPTS_AFTER_S.map((s) => setTimeout(() => this.#look(), 1000 * s));
  }

  async #look() {
    const root = await servedRoot();
    if (root === null || root === this.#root) return;
    this.#timers.forEach(clearTimeout);
    location.reload();
  }
}

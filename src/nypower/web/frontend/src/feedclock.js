// The feed's own time: what the server behind the data calls now. A replay of 2017 at speed
// 600 is as alive as today. Seconds since 1970; `wall` is the browser's clock, in seconds.

export class FeedClock {
  #anchor = null;

  speed = 1;

  /** Whether it is known what time the feed has, and not only what time it has at least. */
  sure = false;

  /** What the status of the feed said; a retained one was said some unknown time ago. */
  take({ now, speed, retained, wall }) {
    const known = this.now(wall);
    const again = speed !== this.speed;
    this.speed = speed;
    this.sure = !retained;
    // A retained now is only the least it can be.
    const least = retained && !again && known !== null ? Math.max(known, now) : now;
    this.#anchor = { now: least, wall };
  }

  /** A measurement is never of the future: the feed's now is at least its stamp. */
  atLeast(stamp, wall) {
    const known = this.now(wall);
    if (known === null || known < stamp) this.#anchor = { now: stamp, wall };
  }

  /** The feed keeps the browser's time, more or less. */
  asWall(wall) {
    this.atLeast(wall, wall);
    this.sure = true;
  }

  /** What was known belongs to a connection that is gone. */
  forget() {
    this.#anchor = null;
    this.sure = false;
  }

  /** The feed's now, null while nothing is known of it. */
  now(wall) {
    if (this.#anchor === null) return null;
    return this.#anchor.now + (wall - this.#anchor.wall) * this.speed;
  }
}

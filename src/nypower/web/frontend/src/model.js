// What the page knows, fed message by message. No DOM, no network: it is told when the
// connection is there and given two functions to subscribe with.

import { FeedClock } from "./feedclock.js";
import { stateOf } from "./freshness.js";
import { Join } from "./join.js";
import { Line, seconds } from "./line.js";

/** A feed whose time fell back further than this has begun anew. */
const BEGUN_ANEW_S = 900;

/** A status is said again at least as often as this, twice the hour it should be. */
const REFRESHED_S = 7200;

/** What a payload must have: a time, a time or null, a number, or columns of them. */
const isTime = (value) => typeof value === "string" && !Number.isNaN(Date.parse(value));
const isTimeOrNull = (value) => value === null || isTime(value);
const isNumber = (value) => Number.isFinite(value);
const FIELDS = {
  co2: { ts: isTime, prev: isTimeOrNull, value: isNumber },
  series: {
    through: isTimeOrNull,
    ts: (column) => column.every(isTime),
    values: (column, { ts }) => column.length === ts.length && column.every(isNumber),
  },
  mix: { ts: isTime, total: isNumber, fuels: (fuels) => Object.values(fuels).every(isNumber) },
  feed: { now: isTime, speed: isNumber },
  correction: { ts: isTime },
};

function check(payload, fields) {
  for (const [name, good] of Object.entries(fields))
    if (!good(payload[name], payload)) throw new TypeError(`${name} is not what it should be`);
}

export class Model {
  #config;
  #join;
  #wall;

  line = new Line();
  clock = new FeedClock();
  link = "connecting";
  pump = null;
  archive = null;
  feed = null;
  /** The newest intensity and the newest mix, as they came. */
  co2 = null;
  mix = null;
  /** What the data are, as far as the payloads say it. */
  kind;
  begunAnew = false;

  /** `wall()` is the browser's clock in seconds. */
  constructor(config, { subscribe, unsubscribe }, wall) {
    this.#config = config;
    this.#wall = wall;
    this.kind = config.kind;
    this.#join = new Join(this.line, {
      subscribe: () => subscribe(config.topics.series),
      unsubscribe: () => unsubscribe(config.topics.series),
    });
  }

  /** The broker is there. The subscriptions but the series' have been made. */
  connected() {
    this.clock.forget();
    this.pump = this.archive = this.feed = null;
    this.#join.connected();
  }

  /** Takes a message; gives back the name of what changed, undefined for nothing of ours. */
  take(topic, text, retained) {
    const name = this.#nameOf(topic);
    if (text === "") return undefined; // a retained value was taken away
    if (name === undefined || name === "webui") return name;
    if (name === "pump" || name === "archive") {
      this[name] = text;
      return name;
    }
    const payload = JSON.parse(text);
    check(payload, FIELDS[name]);
    this.#mark(payload.kind);
    this[`_${name}`](payload, retained);
    return name;
  }

  /** Whether the series is still being taken. */
  get joining() {
    return this.#join.following;
  }

  /** The age of the newest intensity in feed seconds, null without one. */
  get age() {
    const now = this.clock.now(this.#wall());
    return this.co2 === null || now === null ? null : Math.max(0, now - this.co2.second);
  }

  /** The state to show (freshness.js). */
  get state() {
    const { link, pump, archive, feed, age } = this;
    return stateOf({ link, pump, archive, feed, age, speed: this.clock.speed }, this.#config);
  }

  #nameOf(topic) {
    return Object.keys(this.#config.topics).find((name) => this.#config.topics[name] === topic);
  }

  /** Data that say they are not live are never shown as if they were. */
  #mark(kind) {
    if (kind !== undefined && kind !== "live") this.kind = kind;
  }

  _co2(payload) {
    const second = seconds(payload.ts);
    this.#join.increment(payload);
    this.clock.atLeast(second, this.#wall());
    if (this.co2 === null || second >= this.co2.second) this.co2 = { ...payload, second };
  }

  _series(payload, retained) {
    this.#join.series(payload, retained);
  }

  _correction(payload) {
    this.#join.correction(payload);
  }

  _mix(payload) {
    const second = seconds(payload.ts);
    this.clock.atLeast(second, this.#wall());
    if (this.mix === null || second >= this.mix.second) this.mix = { ...payload, second };
  }

  _feed({ state, kind, now, speed }, retained) {
    const [second, wall] = [seconds(now), this.#wall()];
    this.feed = state;
    this.clock.take({ now: second, speed, retained, wall });
    // Said some time ago, but by a clock that seems to be the browser's own.
    const ours = kind === "live" || (speed === 1 && wall >= second && wall - second < REFRESHED_S);
    if (retained && ours) this.clock.asWall(wall);
    if (!retained && this.line.newest - second > BEGUN_ANEW_S) this.begunAnew = true;
  }
}

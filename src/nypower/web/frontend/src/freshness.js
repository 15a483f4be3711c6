// What to say of the state of things: one word, and a sentence where a person should know.

/** How long to wait before calling a feed late that still says it is live, wall seconds. */
const GRACE_S = 20;

const SENTENCES = {
  disconnected: "No connection. What you see is old; retrying…",
  asleep: "Resting while nobody looks.",
  "pump-offline": "The pump is offline: nothing new comes in.",
  "archive-offline": "The archive is offline: the line stands still.",
  down: "The grid operator’s files cannot be read.",
  stale: "No news from the grid operator for over an hour.",
  late: "The next reading is late.",
};

const WORDS = {
  connecting: "Connecting",
  waiting: "Waiting",
  disconnected: "Disconnected",
  asleep: "Asleep",
  "pump-offline": "Offline",
  "archive-offline": "Offline",
  down: "Down",
  stale: "Stale",
  late: "Late",
  live: "Live",
  running: "Running",
  connected: "Connected",
};

/** By its age in feed seconds alone: "live", "late" or "stale". */
function byAge(age, speed, { lateAfter, staleAfter }) {
  const grace = GRACE_S * speed;
  if (age > staleAfter + grace) return "stale";
  return age > lateAfter + grace ? "late" : "live";
}

const ORDER = ["live", "late", "stale", "down"];

function worse(one, other) {
  return ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other;
}

/**
 * The state to show, from `link` (connecting, connected, disconnected, asleep), `pump` and
 * `archive` (online, offline, null for unknown), `feed` (its own word, null for unknown),
 * `age` of the newest value in feed seconds (null for none) and the feed's `speed`.
 */
export function stateOf({ link, pump, archive, feed, age, speed }, limits) {
  if (link !== "connected") return link;
  if (pump === "offline") return "pump-offline";
  if (archive === "offline") return "archive-offline";
  if (age === null) return feed === null || feed === "live" ? "waiting" : feed;
  return worse(feed ?? "live", byAge(age, speed, limits));
}

/** The word for a state; data that are not `kind` live are never called so. */
export const wordFor = (state, kind = "live") =>
  WORDS[state === "live" && kind !== "live" ? "running" : state];

/** The sentence for a state, empty where all is well. */
export const sentenceFor = (state) => SENTENCES[state] ?? "";

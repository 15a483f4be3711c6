// How long to wait before the next attempt: from 1 to 30 seconds, jittered so that a
// thousand pages do not come back in step.

const LONGEST_S = 30;

/** Seconds to wait before attempt `n` (from 0); `random` is in [0, 1). */
export function waitBefore(n, random) {
  const most = Math.min(LONGEST_S, 2 ** n);
  return Math.max(1, most * (0.5 + random / 2));
}

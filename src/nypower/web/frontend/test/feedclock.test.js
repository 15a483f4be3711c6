import assert from "node:assert/strict";
import { test } from "node:test";
import { FeedClock } from "../src/feedclock.js";

test("the feed's now goes on by the browser's clock, at the feed's speed", () => {
  const clock = new FeedClock();
  assert.equal(clock.now(100), null);
  clock.take({ now: 5000, speed: 600, retained: false, wall: 100 });
  assert.equal(clock.now(102), 6200);
});

test("a retained now is only the least it can be", () => {
  const clock = new FeedClock();
  clock.take({ now: 5000, speed: 1, retained: false, wall: 100 });
  clock.take({ now: 4000, speed: 1, retained: true, wall: 110 });
  assert.equal(clock.now(110), 5010);
  assert.equal(clock.sure, false);
  clock.take({ now: 4000, speed: 1, retained: false, wall: 110 });
  assert.equal(clock.now(110), 4000);
  assert.equal(clock.sure, true);
});

test("a measurement is never of the future", () => {
  const clock = new FeedClock();
  clock.atLeast(7000, 50);
  assert.equal(clock.now(60), 7010);
  clock.atLeast(7005, 60);
  assert.equal(clock.now(60), 7010);
});

test("what an earlier connection knew can be forgotten", () => {
  const clock = new FeedClock();
  clock.atLeast(7000, 50);
  clock.forget();
  assert.equal(clock.now(60), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { Join } from "../src/join.js";
import { Line } from "../src/line.js";

const at = (time) => `2026-11-22T${time}:00Z`;
const first = { through: at("05:00"), ts: [at("04:55"), at("05:00")], values: [1, 2] };
const filled = { through: at("05:10"), ts: [at("05:00"), at("05:05"), at("05:10")], values: [2, 3, 4] };
const next = { ts: at("05:05"), prev: at("05:00"), value: 3 };
const afterNext = { ts: at("05:10"), prev: at("05:05"), value: 4 };

function joining() {
  const done = [];
  const line = new Line();
  const join = new Join(line, { subscribe: () => done.push("+"), unsubscribe: () => done.push("-") });
  return { done, line, join };
}

test("it takes the series once, then lives on increments", () => {
  const { done, line, join } = joining();
  join.connected();
  join.increment(next);
  assert.deepEqual(done, ["+"]);
  join.series(first, true);
  assert.deepEqual(done, ["+", "-"]);
  join.increment(afterNext);
  assert.deepEqual(done, ["+", "-"]);
  assert.equal(line.whole, true);
});

test("where an increment hangs in the air it takes the series until nothing is missing", () => {
  const { done, line, join } = joining();
  join.connected();
  join.series(first, true);
  join.increment(afterNext);
  assert.deepEqual(done, ["+", "-", "+"]);
  join.series(first, true);
  assert.equal(join.following, true);
  join.series(filled, false);
  assert.deepEqual(done, ["+", "-", "+", "-"]);
  assert.equal(line.whole, true);
});

test("after a correction it stays until a series newer than the retained one came", () => {
  const { done, join } = joining();
  join.connected();
  join.series(first, true);
  join.correction({ ts: at("04:55") });
  join.correction({ ts: at("05:00") });
  assert.deepEqual(done, ["+", "-", "+"]);
  join.series(first, true);
  assert.equal(join.following, true);
  join.series({ ...first, values: [1, 9] }, false);
  assert.equal(join.following, false);
});

test("a broker that marks nothing as retained is no trouble: the second series is the newer", () => {
  const { join } = joining();
  join.connected();
  join.series(first, true);
  join.correction({ ts: at("04:55") });
  join.series(first, true);
  join.series(first, true);
  assert.equal(join.following, false);
});

test("a correction of what the line does not show changes nothing", () => {
  const { done, join } = joining();
  join.connected();
  join.series(first, true);
  join.correction({ ts: "2026-11-15T05:00:00Z" });
  assert.deepEqual(done, ["+", "-"]);
});

test("every connection joins anew", () => {
  const { done, line, join } = joining();
  join.connected();
  join.series(first, true);
  join.connected();
  assert.deepEqual(done, ["+", "-", "+"]);
  assert.equal(line.whole, false);
  join.series(filled, true);
  assert.deepEqual(done, ["+", "-", "+", "-"]);
  assert.deepEqual(line.columns()[1], [1, 2, 3, 4]);
});

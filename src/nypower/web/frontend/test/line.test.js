import assert from "node:assert/strict";
import { test } from "node:test";
import { Line, seconds } from "../src/line.js";

const at = (time, day = 22) => `2026-11-${day}T${time}:00Z`;
const series = (through, points) => ({ through, ts: points.map(([ts]) => ts), values: points.map(([, v]) => v) });
const increment = (ts, prev, value) => ({ ts, prev, value });

test("a stamp is its second, UTC", () => {
  assert.equal(seconds("1970-01-02T00:00:01Z"), 86_401);
  assert.equal(seconds(null), null);
});

test("without a series the line is not whole", () => {
  const line = new Line();
  assert.equal(line.whole, false);
  line.add(increment(at("05:00"), at("04:55"), 180));
  assert.equal(line.whole, false);
});

test("a series that is known up to its last stamp makes the line whole", () => {
  const line = new Line();
  line.takeSeries(series(at("05:00"), [[at("04:55"), 181], [at("05:00"), 182]]));
  assert.equal(line.whole, true);
  assert.deepEqual(line.columns()[1], [181, 182]);
});

test("a series that reaches past its position has a hole", () => {
  const line = new Line();
  line.takeSeries(series(at("04:55"), [[at("04:55"), 181], [at("05:30"), 182]]));
  assert.equal(line.whole, false);
  line.takeSeries(series(null, [[at("04:55"), 181]]));
  assert.equal(line.whole, false);
});

test("the order of series and increments does not matter, the later value of a stamp wins", () => {
  const one = new Line();
  one.add(increment(at("05:05"), at("05:00"), 190));
  one.takeSeries(series(at("05:00"), [[at("04:55"), 181], [at("05:00"), 182]]));
  assert.equal(one.whole, true);
  assert.deepEqual(one.columns()[1], [181, 182, 190]);
  one.takeSeries(series(at("05:05"), [[at("04:55"), 181], [at("05:00"), 182], [at("05:05"), 191]]));
  assert.deepEqual(one.columns()[1], [181, 182, 191]);
});

test("an increment whose predecessor is missing leaves a hole until a series fills it", () => {
  const line = new Line();
  line.takeSeries(series(at("05:00"), [[at("05:00"), 182]]));
  line.add(increment(at("05:10"), at("05:05"), 190));
  assert.equal(line.whole, false);
  line.takeSeries(series(at("05:10"), [[at("05:00"), 182], [at("05:05"), 186], [at("05:10"), 190]]));
  assert.equal(line.whole, true);
  assert.deepEqual(line.columns()[1], [182, 186, 190]);
});

test("only 24 hours are kept, and what came before them is no hole", () => {
  const line = new Line();
  line.takeSeries(series(at("05:01", 21), [[at("04:00", 21), 1], [at("05:00", 21), 2], [at("05:01", 21), 3]]));
  line.add(increment(at("05:00", 22), at("05:00", 21), 4));
  assert.deepEqual(line.columns()[1], [3, 4]);
  assert.equal(line.whole, true);
});

test("an older increment fills the line and does not move its end", () => {
  const line = new Line();
  line.takeSeries(series(at("05:10"), [[at("05:00"), 1], [at("05:10"), 3]]));
  line.add(increment(at("05:05"), at("05:00"), 2));
  assert.deepEqual(line.columns()[1], [1, 2, 3]);
  assert.equal(line.newest, seconds(at("05:10")));
});

test("a whole series takes away what a correction removed, and does not miss it", () => {
  const line = new Line();
  line.takeSeries(series(at("05:10"), [[at("05:00"), 1], [at("05:05"), 2], [at("05:10"), 3]]));
  line.add(increment(at("05:15"), at("05:10"), 4));
  line.takeSeries(series(at("05:10"), [[at("05:00"), 1], [at("05:10"), 3]]));
  assert.deepEqual(line.columns()[1], [1, 3, 4]);
  assert.equal(line.whole, true);
});

test("a doubted line is whole again after the next whole series", () => {
  const line = new Line();
  const all = series(at("05:00"), [[at("05:00"), 1]]);
  line.takeSeries(all);
  line.doubt();
  assert.equal(line.whole, false);
  line.takeSeries(all);
  assert.equal(line.whole, true);
});

test("stamps off the five-minute grid stay where they are", () => {
  const line = new Line();
  line.takeSeries(series("2017-11-05T05:46:08Z", [["2017-11-05T05:46:08Z", 1]]));
  assert.equal(line.columns()[0][0], Date.UTC(2017, 10, 5, 5, 46, 8) / 1000);
});

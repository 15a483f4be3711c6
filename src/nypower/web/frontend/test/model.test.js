import assert from "node:assert/strict";
import { test } from "node:test";
import { Model } from "../src/model.js";

const names = ["co2", "series", "mix", "feed", "pump", "archive", "correction", "webui"];
const topics = Object.fromEntries(names.map((name) => [name, `root/${name}`]));
const at = (time) => `2026-11-22T${time}:00Z`;
const WALL = Date.parse(at("05:39")) / 1000;

function page(kind = "live") {
  const config = { kind, topics, lateAfter: 900, staleAfter: 3600 };
  const ignore = () => {};
  const model = new Model(config, { subscribe: ignore, unsubscribe: ignore }, () => WALL);
  model.link = "connected";
  model.connected();
  return {
    model,
    take: (name, payload, retained = true) =>
      model.take(`root/${name}`, typeof payload === "string" ? payload : JSON.stringify(payload), retained),
  };
}

const co2 = (ts, prev, value, more) => ({ ts, prev, value, index: "low", percentile: null, estimated: false, ...more });

test("the headline never steps back, the line takes what is older", () => {
  const { model, take } = page();
  take("co2", co2(at("05:35"), at("05:30"), 187));
  take("co2", co2(at("05:30"), at("05:25"), 150), false);
  assert.equal(model.co2.value, 187);
  assert.equal(model.line.size, 2);
});

test("a status that was retained for an hour does not make the values look young", () => {
  const { model, take } = page();
  take("co2", co2(at("04:20"), at("04:15"), 187));
  take("feed", { state: "live", kind: "live", now: at("04:24"), speed: 1 }, true);
  assert.equal(model.age, 79 * 60);
  assert.equal(model.state, "stale");
});

test("the age of a replay is counted in its own time", () => {
  const { model, take } = page("replay");
  take("co2", co2("2017-11-05T05:35:00Z", null, 187, { kind: "replay" }));
  take("feed", { state: "live", kind: "replay", now: "2017-11-05T05:41:00Z", speed: 600 }, false);
  assert.equal(model.age, 360);
  assert.equal(model.state, "live");
});

test("a payload that says it is simulated marks the page, whatever it was told", () => {
  const { model, take } = page("live");
  take("co2", co2(at("05:35"), null, 187, { kind: "simulated" }));
  assert.equal(model.kind, "simulated");
});

test("a feed whose time fell back has begun anew", () => {
  const { model, take } = page("replay");
  take("co2", co2(at("05:35"), null, 187));
  take("feed", { state: "live", kind: "replay", now: at("01:00"), speed: 60 }, true);
  assert.equal(model.begunAnew, false);
  take("feed", { state: "live", kind: "replay", now: at("01:00"), speed: 60 }, false);
  assert.equal(model.begunAnew, true);
});

test("what is none of its topics is passed over, what is garbage changes nothing", () => {
  const { model, take } = page();
  assert.equal(model.take("root/other", "{}", false), undefined);
  assert.throws(() => take("co2", "no json"));
  assert.equal(model.co2, null);
});

test("numbers that are none, columns of unequal length: left out as a whole", () => {
  const { model, take } = page();
  assert.throws(() => take("co2", co2(at("05:35"), null, "187")));
  assert.throws(() => take("series", { through: null, ts: [at("05:35")], values: [] }));
  assert.throws(() => take("feed", { now: "yesterday", speed: 1 }));
  assert.equal(take("co2", ""), undefined);
  assert.equal(model.co2, null);
  assert.equal(model.line.size, 0);
});

test("an age is sure where the feed keeps the browser's time, and else once its time is heard", () => {
  const { model, take } = page("simulated");
  take("feed", { state: "live", kind: "simulated", now: at("05:09"), speed: 1 }, true);
  assert.equal(model.clock.sure, true);
  take("feed", { state: "live", kind: "simulated", now: at("05:09"), speed: 60 }, true);
  assert.equal(model.clock.sure, false);
  take("feed", { state: "live", kind: "simulated", now: "2017-11-05T05:41:00Z", speed: 1 }, true);
  assert.equal(model.clock.sure, false);
  take("feed", { state: "live", kind: "simulated", now: "2017-11-05T05:41:00Z", speed: 1 }, false);
  assert.equal(model.clock.sure, true);
});

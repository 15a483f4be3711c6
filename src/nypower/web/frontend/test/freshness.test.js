import assert from "node:assert/strict";
import { test } from "node:test";
import { sentenceFor, stateOf, wordFor } from "../src/freshness.js";

const limits = { lateAfter: 900, staleAfter: 3600 };
const well = { link: "connected", pump: "online", archive: "online", feed: "live", age: 300, speed: 1 };
const state = (change) => stateOf({ ...well, ...change }, limits);

test("all is well", () => {
  assert.equal(state({}), "live");
  assert.equal(sentenceFor("live"), "");
});

test("what is nearest to the reader is said first", () => {
  assert.equal(state({ link: "disconnected", pump: "offline" }), "disconnected");
  assert.equal(state({ pump: "offline", archive: "offline", feed: "down" }), "pump-offline");
  assert.equal(state({ archive: "offline", feed: "late" }), "archive-offline");
});

test("the feed's own word counts, unless the value is older than it says", () => {
  assert.equal(state({ feed: "late" }), "late");
  assert.equal(state({ feed: "down" }), "down");
  assert.equal(state({ age: 1000 }), "late");
  assert.equal(state({ age: 4000 }), "stale");
  assert.equal(state({ feed: "down", age: 4000 }), "down");
});

test("a fast replay is not late for a moment's delay", () => {
  assert.equal(state({ age: 1000, speed: 600 }), "live");
});

test("without a value it waits", () => {
  assert.equal(state({ age: null, feed: null }), "waiting");
  assert.equal(state({ age: null, feed: "down" }), "down");
});

test("every state has a word, every bad one a sentence that fits a phone's line", () => {
  for (const bad of ["disconnected", "pump-offline", "archive-offline", "down", "stale", "late"]) {
    assert.ok(wordFor(bad));
    assert.ok(sentenceFor(bad).length > 10 && sentenceFor(bad).length <= 48, bad);
  }
});

test("only live data are called live", () => {
  assert.equal(wordFor("live", "live"), "Live");
  assert.equal(wordFor("live", "replay"), "Running");
  assert.equal(wordFor("late", "replay"), "Late");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { brokerUrl } from "../src/address.js";
import { waitBefore } from "../src/backoff.js";
import { faultOf } from "../src/filter.js";
import * as wording from "../src/wording.js";

test("the broker is on the page's own host, by the page's own scheme", () => {
  const ws = { url: "", port: 9001 };
  assert.equal(brokerUrl(ws, { protocol: "http:", hostname: "grid.local" }), "ws://grid.local:9001/mqtt");
  assert.equal(brokerUrl(ws, { protocol: "https:", hostname: "[::1]" }), "wss://[::1]:9001/mqtt");
});

test("an address that is set is used, with /mqtt where it names no path", () => {
  const location = { protocol: "http:", hostname: "x" };
  assert.equal(brokerUrl({ url: "wss://a.example", port: 1 }, location), "wss://a.example/mqtt");
  assert.equal(brokerUrl({ url: "ws://a.example:81/ws", port: 1 }, location), "ws://a.example:81/ws");
});

test("attempts are 1 to 30 seconds apart, further and further", () => {
  assert.equal(waitBefore(0, 0.9), 1);
  assert.equal(waitBefore(3, 0), 4);
  assert.equal(waitBefore(3, 0.5), 6);
  assert.ok(waitBefore(50, 0.999) <= 30);
});

test("a topic filter is checked before it is sent", () => {
  for (const good of ["#", "ny-power/#", "+/status/+", "a/b", "/"]) assert.equal(faultOf(good), "");
  for (const bad of ["", "a#", "#/a", "a/b+", "a/#/b"]) assert.notEqual(faultOf(bad), "");
});

test("the page speaks New York time, in both hours of the fall-back night", () => {
  const first = Date.UTC(2026, 10, 1, 5, 35) / 1000;
  assert.match(wording.stampText(first, false), /Nov 1.*1:35.AM EDT/);
  assert.match(wording.stampText(first + 3600, false), /Nov 1.*1:35.AM EST/);
  assert.match(wording.stampText(Date.UTC(2017, 10, 5, 12) / 1000, true), /2017/);
});

test("a percentile is the share that was cleaner", () => {
  assert.equal(wording.percentileText(null), "");
  assert.equal(wording.percentileText(0), "as clean as it was in the last 30 days");
  assert.equal(wording.percentileText(33), "cleaner than 67 % of the last 30 days");
  assert.equal(wording.percentileText(80), "80 % of the last 30 days were cleaner");
});

test("ages are told in words", () => {
  assert.equal(wording.ageText(30), "just now");
  assert.equal(wording.ageText(299), "4 min ago");
  assert.equal(wording.ageText(3 * 3600 + 120), "3 h 2 min ago");
  assert.equal(wording.ageText(3 * 86_400), "3 days ago");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { withGaps } from "../src/gaps.js";

test("a missed step or three are drawn across, a longer gap is not", () => {
  assert.deepEqual(withGaps([[0, 300, 1500, 3600], [1, 2, 3, 4]]), [
    [0, 300, 1500, 2550, 3600],
    [1, 2, 3, null, 4],
  ]);
});

import assert from "node:assert/strict";
import test from "node:test";
import { learnFrom, outcome } from "./fit";

const after = (town: number, village: number) => outcome(learnFrom({ town, village, own: [] })).recall;

test("one style alone: recall differs by over 15 points, whichever style it is", () => {
  const town = after(10, 0);
  const village = after(0, 10);
  console.log("town alone", town, "village alone", village);
  assert.ok(town.town - town.village > 0.15 && town.town >= 0.95, JSON.stringify(town));
  assert.ok(village.village - village.town > 0.15 && village.village >= 0.95, JSON.stringify(village));
});

test("more of the same does not help", () => {
  const r = after(20, 0);
  assert.ok(r.town - r.village > 0.15, JSON.stringify(r));
});

test("with drawings of both the gap closes", () => {
  const r = after(10, 10);
  assert.ok(Math.abs(r.town - r.village) <= 0.05 && r.village >= 0.95, JSON.stringify(r));
});

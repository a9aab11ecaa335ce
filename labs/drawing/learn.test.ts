import assert from "node:assert/strict";
import test from "node:test";
import { features, length } from "./features";
import { dice, draw, things } from "./hand";
import { best, nearest, train, vote, weigh, type Example } from "./learn";

const six = ["star", "fish", "house", "tree", "sun", "cat"];

function some(each: number, seed: number): Example[] {
  const rnd = dice(seed);
  return six.flatMap((name, y) => Array.from({ length: each }, () => ({ x: features(draw(things[name]!, rnd)), y })));
}

// The processor's time and not the clock's, so that other programs do not count, and first, since a lab learns once; a tablet takes four times as long.
test("sixty drawings are learned in half a second of a slow tablet", () => {
  const spent = (act: () => void) => {
    const before = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  let seen: Example[] = [];
  const described = spent(() => (seen = some(10, 1)));
  const learned = spent(() => train(seen, six.length));
  console.log(`drawn and described in ${described.toFixed(0)} ms, learned in ${learned.toFixed(0)} ms`);
  assert.ok(learned <= 125, `${learned} ms`);
});

test("sixty drawings teach six shapes", () => {
  let right = { weigh: 0, near: 0 };
  let all = 0;
  for (const seed of [1, 2, 3]) {
    const seen = some(10, seed);
    const w = train(seen, six.length);
    for (const e of some(20, seed + 100)) {
      all++;
      if (best(weigh(w, e.x)) === e.y) right.weigh++;
      if (best(vote(seen, nearest(seen, e.x, 5), six.length)) === e.y) right.near++;
    }
  }
  console.log(`held out: softmax ${right.weigh}/${all}, nearest ${right.near}/${all}`);
  assert.ok(right.weigh / all >= 0.95, `softmax ${right.weigh} of ${all}`);
  assert.ok(right.near / all >= 0.95, `nearest ${right.near} of ${all}`);
});

test("what a drawing is does not depend on where and how large it is", () => {
  const house = features(things.house!);
  const small = features(things.house!.map((s) => s.map((v) => v / 4 + 30)));
  const [{ likeness }] = nearest([{ x: house, y: 0 }], small, 1) as [{ likeness: number }];
  assert.equal(house.length, length);
  assert.ok(likeness > 0.999, `${likeness}`);
});

test("a point, a line and nothing at all are described too", () => {
  for (const d of [[[500, 500]], [[0, 500, 1000, 500]], []]) assert.ok(features(d).every(Number.isFinite));
});

test("sure means sure: the parts are one together", () => {
  const seen = some(5, 7);
  const parts = weigh(train(seen, six.length), features(things.fish!));
  assert.equal(best(parts), six.indexOf("fish"));
  assert.ok(Math.abs(parts.reduce((a, b) => a + b) - 1) < 1e-6);
  assert.ok(parts[1]! > 0.6, `${parts}`);
});

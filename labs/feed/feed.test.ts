import assert from "node:assert/strict";
import test from "node:test";
import { blank, diversity, learn, long, round, shares, topics, type Act, type Topic } from "./feed";

// scroll goes through some rounds and gives how mixed each was.
function scroll(rounds: number, act: (t: Topic) => Act) {
  let p = blank();
  const mixed: number[] = [];
  for (let r = 0; r < rounds; r++) {
    const posts = round(shares(p), r * long);
    assert.equal(posts.length, long);
    mixed.push(diversity(posts));
    for (const post of posts) p = learn(p, post.topic, act(post.topic));
  }
  return { p, mixed };
}

test("who likes one thing gets less and less of the rest, until the profile is erased", () => {
  const { mixed } = scroll(4, (t) => (t === "football" ? "like" : "skip"));
  assert.equal(mixed[0], 1);
  for (let i = 1; i < mixed.length; i++) assert.ok(mixed[i]! < mixed[i - 1]! || mixed[i]! < 0.4, `${mixed}`);
  assert.ok(mixed[3]! < 0.4, `${mixed}`);
  assert.equal(diversity(round(shares(blank()), 0)), 1);
});

test("who treats all alike keeps a mixed feed", () => {
  const { mixed } = scroll(4, () => "like");
  assert.ok(mixed.every((m) => m === 1), `${mixed}`);
});

test("a feed that does not follow stays mixed, whatever the profile", () => {
  const { p } = scroll(4, (t) => (t === "jokes" ? "like" : "skip"));
  assert.equal(diversity(round(shares(p, 0), 0)), 1);
  assert.ok(diversity(round(shares(p, 1.5, 1), 0)) === 1);
});

test("parts are one together, and diversity is 0 for one topic alone", () => {
  const sum = shares({ ...blank(), music: 40 }).reduce((a, b) => a + b);
  assert.ok(Math.abs(sum - 1) < 1e-9);
  assert.equal(diversity([{ topic: topics[0], n: 1 }, { topic: topics[0], n: 2 }]), 0);
});

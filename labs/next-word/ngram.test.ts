import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Tiktoken } from "js-tiktoken/lite";
import { dice } from "../drawing/hand";
import { beginnings, corpora, same, type Tongue } from "./corpus";
import { claims, next, read, words, write } from "./ngram";
import { cut, vocabulary } from "./tokens";

const tongues = Object.keys(corpora) as Tongue[];

test("what follows is what was counted", () => {
  const m = read(["a b c", "a b d", "a b d"], 1);
  assert.deepEqual(next(m, ["a", "b"]).map((n) => [n.word, n.n]), [["d", 2], ["c", 1]]);
  assert.equal(next(m, ["x"])[0]!.word, "");
});

test("a short memory invents, and says from what", () => {
  for (const lang of tongues) {
    const m = read(corpora[lang], 1);
    const found = claims(m, dice(5));
    const made = found.filter((c) => !c.copied);
    assert.ok(made.length === 3 && found.length === 5, `${lang}: ${JSON.stringify(found)}`);
    for (const c of found) {
      assert.equal(c.copied, corpora[lang].includes(c.text));
      assert.ok(corpora[lang].includes(c.begins) && corpora[lang].includes(c.ends));
      if (!c.copied) assert.notEqual(c.begins, c.ends);
    }
  }
});

test("a longer memory invents less", () => {
  const copied = (memory: number) => {
    const m = read(corpora.fr, memory);
    const rnd = dice(3);
    return Array.from({ length: 300 }, () => write(m, [], rnd).join(" ")).filter((s) => m.sentences.has(s)).length / 300;
  };
  const [one, two] = [copied(1), copied(2)];
  console.log(`copied word for word: memory of one ${one}, of two ${two}`);
  assert.ok(two > one + 0.1, `${one} ${two}`);
});

test("each beginning can go on in several ways", () => {
  for (const lang of tongues) for (const b of beginnings[lang]) assert.ok(next(read(corpora[lang], 1), words(b)).length >= 2, `${lang}: ${b}`);
});

test("one sentence takes the fewest tokens in English, and many times more in Tamazight", () => {
  const t = new Tiktoken(vocabulary(readFileSync(`${process.env.TIZI_MODULES}/js-tiktoken/dist/ranks/o200k_base.js`, "utf8")));
  const n = Object.fromEntries(tongues.map((lang) => [lang, cut(t, same[lang]).length]));
  console.log(n);
  assert.ok(n.en! < n.fr! && n.ar! > n.en! && n.zgh! > 4 * n.en!, JSON.stringify(n));
  for (const lang of tongues) assert.equal(cut(t, same[lang]).map((p) => p.text).join("").replace(/\ufffd/g, "").length > 0, true);
  assert.equal(cut(t, "<|endoftext|>").map((p) => p.text).join(""), "<|endoftext|>");
});

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

// Lesson mot-suivant of the trainers' course says these to who teaches it.
test("a longer memory invents less: one sentence in six is copied, then half, then nearly all", () => {
  for (const [lang, said] of [["fr", [0.16, 0.56, 0.86]], ["ar", [0.28, 0.73, 1]]] as const)
    for (const [i, part] of said.entries()) {
      const m = read(corpora[lang], i + 1);
      const rnd = dice(3);
      const copied = Array.from({ length: 2000 }, () => write(m, [], rnd).join(" ")).filter((s) => m.sentences.has(s)).length / 2000;
      assert.ok(Math.abs(copied - part) < 0.04, `${lang}, memory of ${i + 1}: ${copied}`);
    }
});

test("each beginning can go on in several ways", () => {
  for (const lang of tongues) for (const b of beginnings[lang]) assert.ok(next(read(corpora[lang], 1), words(b)).length >= 2, `${lang}: ${b}`);
});

test("one sentence takes the fewest tokens in English, and many times more in Tamazight", () => {
  const t = new Tiktoken(vocabulary(readFileSync(`${process.env.TIZI_MODULES}/js-tiktoken/dist/ranks/o200k_base.js`, "utf8")));
  const n = Object.fromEntries(tongues.map((lang) => [lang, cut(t, same[lang]).length]));
  assert.deepEqual(n, { fr: 19, ar: 16, en: 15, zgh: 166 }); // lesson quatre-langues of the trainers' course says so, and what follows
  const counted = (text: string) => cut(t, text).length;
  assert.deepEqual(["My sister brings the hot bread to the neighbour.", "Ma sœur apporte le pain chaud à la voisine.", "أختي تحمل الخبز الساخن إلى الجارة.", "azul", "ⴰⵣⵓⵍ"].map(counted), [10, 11, 13, 2, 12]);
  for (const lang of tongues) assert.equal(cut(t, same[lang]).map((p) => p.text).join("").replace(/\ufffd/g, "").length > 0, true);
  assert.equal(cut(t, "<|endoftext|>").map((p) => p.text).join(""), "<|endoftext|>");
});

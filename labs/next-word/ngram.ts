// A machine that writes: it has counted which word comes after which, and draws the next one by these counts.

// end is what stands after the last word of a sentence.
export const end = "";

export interface Model {
  memory: number; // how many words it looks back at, from 1
  after: Map<string, Map<string, number>>; // what came before to what came next, and how often
  sentences: Set<string>;
  pairs: number; // counted
}

const sep = " ";

export const words = (text: string) => text.trim().split(/\s+/).filter(Boolean);

// read counts a text, a sentence a row.
export function read(text: string[], memory: number): Model {
  const m: Model = { memory, after: new Map(), sentences: new Set(text), pairs: 0 };
  for (const sentence of text) {
    const w = words(sentence);
    for (let i = 0; i <= w.length; i++) {
      const key = w.slice(Math.max(0, i - memory), i).join(sep);
      let next = m.after.get(key);
      if (!next) m.after.set(key, (next = new Map()));
      const word = w[i] ?? end;
      next.set(word, (next.get(word) ?? 0) + 1);
      m.pairs++;
    }
  }
  return m;
}

// next is what may follow some words, the most frequent first, with its part of all. Where it never saw them, it looks at fewer.
export function next(m: Model, before: string[]): { word: string; part: number; n: number }[] {
  for (let k = Math.min(m.memory, before.length); k >= 0; k--) {
    // A sentence begins where nothing stands before; further on nothing is no memory at all.
    if (k === 0 && before.length > 0) break;
    const found = m.after.get(before.slice(before.length - k).join(sep));
    if (!found) continue;
    const all = [...found.values()].reduce((a, b) => a + b, 0);
    return [...found].map(([word, n]) => ({ word, n, part: n / all })).sort((a, b) => b.n - a.n || (a.word < b.word ? -1 : 1));
  }
  return [{ word: end, part: 1, n: 0 }];
}

// draw takes one of them, by a number from 0 to 1.
export function draw(from: { word: string; part: number }[], rnd: number): string {
  for (const { word, part } of from) if ((rnd -= part) < 0) return word;
  return from.at(-1)!.word;
}

// write goes on from some words to the end of a sentence.
export function write(m: Model, from: string[], rnd: () => number, most = 16): string[] {
  const out = [...from];
  while (out.length < most) {
    const word = draw(next(m, out), rnd());
    if (word === end) return out;
    out.push(word);
  }
  return out;
}

// Claim is a sentence that the machine wrote. An invented one begins like one sentence that it read and ends like another.
export interface Claim {
  text: string;
  copied: boolean;
  begins: string;
  ends: string;
}

// claims are sentences to be checked: some invented, some copied, in an order that gives nothing away. There are fewer where the text
// does not yield as many.
export function claims(m: Model, rnd: () => number, invented = 3, copied = 2): Claim[] {
  const out: Claim[] = [];
  for (let i = 0; i < 2000 && out.length < invented + copied; i++) {
    const w = write(m, [], rnd);
    if (w.length < 3) continue; // too little to be a claim
    const text = w.join(sep);
    const known = m.sentences.has(text);
    const left = known ? copied : invented;
    if (out.some((c) => c.text === text) || out.filter((c) => c.copied === known).length >= left) continue;
    out.push({ text, copied: known, begins: nearest(m, w, false), ends: nearest(m, w, true) });
  }
  return out;
}

// nearest is the sentence it read that shares the most words with this one, from the start or from the end.
function nearest(m: Model, w: string[], back: boolean): string {
  let [best, most] = ["", 0];
  const turned = back ? [...w].reverse() : w;
  for (const s of m.sentences) {
    const other = back ? words(s).reverse() : words(s);
    let n = 0;
    while (n < turned.length && turned[n] === other[n]) n++;
    if (n > most) [best, most] = [s, n];
  }
  return best;
}

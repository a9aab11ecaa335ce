// Two ways to learn from examples: remember them all and ask the nearest (k-NN), or weigh every number for every class
// (softmax regression, by gradient descent).

// Example is what is known of one thing.
export interface Example {
  x: Float32Array;
  y: number; // its class
}

// Guess is an answer: a part for each class, together 1, and the examples that are most alike.
export interface Guess {
  parts: number[];
  near: { index: number; likeness: number }[];
}

// Weights of a softmax regression: for each class one for each number, and one more.
export interface Weights {
  classes: number;
  w: Float32Array;
}

const rounds = 160;
const pace = 12;
const forget = 0.0004; // so that no weight grows for one drawing's sake

// train finds the weights. All examples have the same length.
export function train(examples: Example[], classes: number): Weights {
  const n = examples[0]!.x.length;
  const w = new Float32Array(classes * (n + 1));
  const push = new Float32Array(w.length);
  const slope = new Float32Array(w.length);
  for (let round = 0; round < rounds; round++) {
    slope.fill(0);
    for (const e of examples) {
      const p = weigh({ classes, w }, e.x);
      for (let c = 0; c < classes; c++) {
        const off = (p[c]! - (c === e.y ? 1 : 0)) / examples.length;
        const at = c * (n + 1);
        for (let i = 0; i < n; i++) slope[at + i]! += off * e.x[i]!;
        slope[at + n]! += off * 0.1;
      }
    }
    for (let i = 0; i < w.length; i++) {
      push[i] = 0.8 * push[i]! - pace * (1 - 0.8) * (slope[i]! + forget * w[i]!);
      w[i]! += push[i]!;
    }
  }
  return { classes, w };
}

// weigh is how sure the weights are of each class.
export function weigh(m: Weights, x: Float32Array): number[] {
  const n = x.length;
  const z = [];
  for (let c = 0; c < m.classes; c++) {
    const at = c * (n + 1);
    let sum = m.w[at + n]! * 0.1;
    for (let i = 0; i < n; i++) sum += m.w[at + i]! * x[i]!;
    z.push(sum);
  }
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const all = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / all);
}

// nearest are the k examples that are most alike, the best first; likeness is 1 for the same and 0 for nothing in common.
export function nearest(examples: Example[], x: Float32Array, k: number): Guess["near"] {
  return examples
    .map((e, index) => {
      let likeness = 0;
      for (let i = 0; i < x.length; i++) likeness += x[i]! * e.x[i]!;
      return { index, likeness };
    })
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, k);
}

// vote lets the nearest say what it is, each as loud as it is alike.
export function vote(examples: Example[], near: Guess["near"], classes: number): number[] {
  const parts = new Array<number>(classes).fill(0);
  for (const { index, likeness } of near) parts[examples[index]!.y]! += Math.max(1e-6, likeness) ** 8;
  const all = parts.reduce((a, b) => a + b, 0);
  return parts.map((p) => p / all);
}

export const best = (parts: number[]) => parts.indexOf(Math.max(...parts));

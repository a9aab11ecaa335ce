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

const bias = 0.1; // what stands for the one more number in every example

// train finds the weights. All examples have the same length. The weights begin at nothing and every round moves them along examples
// alone, so at any time they are so much of each example; a round changes how much, for which it needs to know of the examples no
// more than how alike any two are. With sixty of them that is a tenth of the work of moving the weights themselves, and the same in the end.
export function train(examples: Example[], classes: number): Weights {
  const n = examples.length;
  const long = examples[0]!.x.length;
  const alike = new Float32Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) alike[i * n + j] = alike[j * n + i] = dot(examples[i]!.x, 0, examples[j]!.x, 0, long) + bias * bias;
  const much = new Float32Array(classes * n); // of each example in the weights of each class
  const push = new Float32Array(much.length);
  const off = new Float32Array(much.length); // how far the answers are from the truth
  const z = new Float32Array(classes);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < n; i++) {
      let top = -Infinity;
      for (let c = 0; c < classes; c++) {
        z[c] = dot(much, c * n, alike, i * n, n);
        top = Math.max(top, z[c]!);
      }
      let all = 0;
      for (let c = 0; c < classes; c++) all += z[c] = Math.exp(z[c]! - top);
      for (let c = 0; c < classes; c++) off[c * n + i] = (z[c]! / all - (c === examples[i]!.y ? 1 : 0)) / n;
    }
    for (let i = 0; i < much.length; i++) {
      push[i] = 0.8 * push[i]! - pace * (1 - 0.8) * (off[i]! + forget * much[i]!);
      much[i]! += push[i]!;
    }
  }
  const w = new Float32Array(classes * (long + 1));
  for (let c = 0; c < classes; c++)
    for (let i = 0; i < n; i++) {
      const by = much[c * n + i]!;
      const { x } = examples[i]!;
      const at = c * (long + 1);
      for (let k = 0; k < long; k++) w[at + k]! += by * x[k]!;
      w[at + long]! += by * bias;
    }
  return { classes, w };
}

// dot is the sum of products of n numbers of a with as many of b, each from a place on.
function dot(a: Float32Array, from: number, b: Float32Array, at: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[from + i]! * b[at + i]!;
  return sum;
}

// weigh is how sure the weights are of each class.
export function weigh(m: Weights, x: Float32Array): number[] {
  const n = x.length;
  const z = Array.from({ length: m.classes }, (_, c) => dot(x, 0, m.w, c * (n + 1), n) + m.w[c * (n + 1) + n]! * bias);
  const top = Math.max(...z);
  const e = z.map((v) => Math.exp(v - top));
  const all = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / all);
}

// nearest are the k examples that are most alike, the best first; likeness is 1 for the same and 0 for nothing in common.
export function nearest(examples: Example[], x: Float32Array, k: number): Guess["near"] {
  return examples
    .map((e, index) => ({ index, likeness: dot(x, 0, e.x, 0, x.length) }))
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

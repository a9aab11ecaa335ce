// The learning of lab drawing, away from the page.
import { answer } from "lab/remote";
import type { Drawing } from "lab/pad";
import { features } from "./features";
import { nearest, train, vote, weigh, type Example, type Guess, type Weights } from "./learn";

// Way is one of the two ways to learn.
export type Way = "near" | "weigh";

let examples: Example[] = [];
let seen = new Map<string, Float32Array>(); // drawings as numbers, so that nothing is described twice
let weights: Weights | undefined;
let classes = 0;

function described(drawing: Drawing): Float32Array {
  const key = JSON.stringify(drawing);
  let x = seen.get(key);
  if (!x) seen.set(key, (x = features(drawing)));
  return x;
}

answer({
  // see describes a drawing as soon as it is made, so that learning has less to do.
  see(drawing: Drawing) {
    described(drawing);
  },
  // train forgets what was, and learns from these; it says how long it took, in milliseconds.
  train(d: { drawings: Drawing[]; labels: number[]; classes: number }): number {
    const start = performance.now();
    examples = d.drawings.map((drawing, i) => ({ x: described(drawing), y: d.labels[i]! }));
    seen = new Map(d.drawings.map((drawing, i) => [JSON.stringify(drawing), examples[i]!.x]));
    classes = d.classes;
    weights = train(examples, classes);
    return performance.now() - start;
  },
  guess(d: { drawing: Drawing; way: Way }): Guess {
    const x = features(d.drawing);
    const near = nearest(examples, x, 5);
    return { parts: d.way === "near" ? vote(examples, near, classes) : weigh(weights!, x), near };
  },
});

// The learning of lab drawing, away from the page.
import { answer } from "lab/remote";
import type { Drawing } from "lab/pad";
import { features } from "./features";
import { nearest, train, vote, weigh, type Example, type Guess, type Weights } from "./learn";

// Way is one of the two ways to learn.
export type Way = "near" | "weigh";

let examples: Example[] = [];
let weights: Weights | undefined;
let classes = 0;

answer({
  // train forgets what was, and learns from these; it says how long it took, in milliseconds.
  train(d: { drawings: Drawing[]; labels: number[]; classes: number }): number {
    const start = performance.now();
    examples = d.drawings.map((drawing, i) => ({ x: features(drawing), y: d.labels[i]! }));
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

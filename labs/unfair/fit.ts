// Learning from so many drawings of each collection, and how many of each are then recognised.
import type { Drawing } from "lab/pad";
import { features } from "../drawing/features";
import { best, train, weigh, type Example, type Weights } from "../drawing/learn";
import { held, styles, things, toLearn, toTest, type Style } from "./styles";

// Mix is how many drawings of each thing are taken from each collection, and what the learner drew.
export interface Mix {
  town: number;
  village: number;
  own: { drawing: Drawing; label: number }[];
}

// Outcome is what the machine can do then.
export interface Outcome {
  recall: Record<Style, number>; // 0 to 1, of the drawings that were kept apart
  said: Record<Style, number[]>; // what it said of each of those
}

// What was described once is kept, and what no mix asked for is not described.
const described = new Map<string, Example[]>();

function examples(name: string, n: number, of: () => { drawing: Drawing; label: number }[]): Example[] {
  let e = described.get(name);
  if (!e) described.set(name, (e = []));
  if (e.length < n) for (const d of of().slice(e.length, n)) e.push({ x: features(d.drawing), y: d.label });
  return e.slice(0, n);
}

export function learnFrom(mix: Mix): Weights {
  const seen = styles.flatMap((s) => examples(`learn ${s}`, mix[s] * things.length, () => toLearn(s, mix[s])));
  for (const d of mix.own) seen.push({ x: features(d.drawing), y: d.label });
  return train(seen, things.length);
}

export function outcome(w: Weights): Outcome {
  const out: Outcome = { recall: { town: 0, village: 0 }, said: { town: [], village: [] } };
  for (const s of styles) {
    const test = examples(`test ${s}`, held * things.length, () => toTest(s));
    out.said[s] = test.map((e) => best(weigh(w, e.x)));
    out.recall[s] = out.said[s].filter((y, i) => y === test[i]!.y).length / test.length;
  }
  return out;
}

// Learning from so many drawings of each collection, and how many of each are then recognised.
import type { Drawing } from "lab/pad";
import { features } from "../drawing/features";
import { best, train, weigh, type Example, type Weights } from "../drawing/learn";
import { styles, things, toLearn, toTest, type Style } from "./styles";

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

const described = new Map<string, Example[]>();

function examples(name: string, of: { drawing: Drawing; label: number }[]): Example[] {
  let e = described.get(name);
  if (!e) described.set(name, (e = of.map((d) => ({ x: features(d.drawing), y: d.label }))));
  return e;
}

export function learnFrom(mix: Mix): Weights {
  const seen = styles.flatMap((s) => examples(`learn ${s}`, toLearn(s)).slice(0, mix[s] * things.length));
  for (const d of mix.own) seen.push({ x: features(d.drawing), y: d.label });
  return train(seen, things.length);
}

export function outcome(w: Weights): Outcome {
  const out: Outcome = { recall: { town: 0, village: 0 }, said: { town: [], village: [] } };
  for (const s of styles) {
    const test = examples(`test ${s}`, toTest(s));
    out.said[s] = test.map((e) => best(weigh(w, e.x)));
    out.recall[s] = out.said[s].filter((y, i) => y === test[i]!.y).length / test.length;
  }
  return out;
}

// The learning of lab unfair, away from the page.
import { answer } from "lab/remote";
import type { Drawing } from "lab/pad";
import { features } from "../drawing/features";
import { weigh, type Weights } from "../drawing/learn";
import { learnFrom, outcome, type Mix, type Outcome } from "./fit";

let weights: Weights | undefined;

answer({
  fit(mix: Mix): Outcome {
    weights = learnFrom(mix);
    return outcome(weights);
  },
  guess: (drawing: Drawing): number[] => weigh(weights!, features(drawing)),
});

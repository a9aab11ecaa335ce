// Two collections of the same things, each drawn as they look where the children live. Neither is wrong.
import type { Drawing } from "lab/pad";
import { arc, dice, draw } from "../drawing/hand";

export const things = ["bread", "house", "shoe"] as const;
export const styles = ["town", "village"] as const;
export type Style = (typeof styles)[number];

const square = (x: number, y: number, w: number, h = w) => [x, y, x + w, y, x + w, y + h, x, y + h, x, y];

const plans: Record<Style, Record<(typeof things)[number], Drawing>> = {
  town: {
    bread: [arc(500, 500, 440, 120), [260, 440, 330, 560], [420, 420, 490, 580], [580, 420, 650, 580]],
    house: [square(310, 80, 380, 860), square(380, 170, 90), square(530, 170, 90), square(380, 360, 90), square(530, 360, 90), square(380, 550, 90), square(530, 550, 90), [440, 940, 440, 760, 560, 760, 560, 940]],
    shoe: [[110, 720, 110, 420, 330, 400, 450, 520, 720, 570, 890, 640, 900, 760, 110, 760, 110, 720], [110, 690, 890, 700], [360, 460, 430, 420], [430, 540, 500, 490]],
  },
  village: {
    bread: [arc(500, 500, 400, 390), arc(500, 500, 250, 240, 200, 330), [440, 560, 460, 570], [560, 470, 580, 480], [520, 620, 540, 625]],
    house: [square(90, 380, 820, 480), [60, 380, 940, 380], square(200, 500, 110), square(690, 500, 110), [430, 860, 430, 620, 570, 620, 570, 860]],
    shoe: [[90, 600, 160, 520, 420, 560, 700, 560, 940, 380, 900, 620, 760, 720, 120, 720, 90, 600], arc(300, 590, 150, 45)],
  },
};

export const each = 20; // drawings of a thing in a style to learn from
export const held = 10; // and to test with

// collection is what some children drew: things in turn, so that the first n of each are the first 3n.
export function collection(style: Style, n: number, seed: number): { drawing: Drawing; label: number }[] {
  const rnd = dice(seed);
  return Array.from({ length: n }, () => things.map((t, label) => ({ drawing: draw(plans[style][t], rnd), label }))).flat();
}

// The collections of the lesson: the same on every tablet, so that a group speaks of the same drawings.
const seeds: Record<Style, [learn: number, test: number]> = { town: [11, 12], village: [21, 22] };
export const toLearn = (style: Style, n = each) => collection(style, n, seeds[style][0]); // n of each thing: the first ones
export const toTest = (style: Style) => collection(style, held, seeds[style][1]);

// Drawings made by a hand that trembles: the pictures on the cards, the collections of lab unfair, and what tests draw.
import type { Drawing, Stroke } from "lab/pad";

// dice are numbers from 0 to 1 that follow from a seed (mulberry32).
export function dice(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// arc goes from one angle to another, in degrees, clockwise from the right.
export function arc(cx: number, cy: number, rx: number, ry = rx, from = 0, to = 360): Stroke {
  const n = Math.max(6, Math.round(Math.abs(to - from) / 15));
  const out: Stroke = [];
  for (let i = 0; i <= n; i++) {
    const a = ((from + ((to - from) * i) / n) * Math.PI) / 180;
    out.push(Math.round(cx + rx * Math.cos(a)), Math.round(cy + ry * Math.sin(a)));
  }
  return out;
}

// things that one can draw, as they stand on the cards.
export const things: Record<string, Drawing> = {
  star: [Array.from({ length: 11 }, (_, i) => [500 + Math.round(420 * Math.sin((i * 4 * Math.PI) / 5)) * 1, 520 - Math.round(420 * Math.cos((i * 4 * Math.PI) / 5))]).flat().slice(0, 12)],
  fish: [arc(430, 500, 330, 190, -20, 340), [730, 430, 930, 320, 930, 680, 730, 570], arc(260, 450, 22)],
  house: [[180, 460, 180, 900, 820, 900, 820, 460], [110, 480, 500, 120, 890, 480], [420, 900, 420, 640, 580, 640, 580, 900]],
  tree: [[440, 940, 460, 600], [560, 940, 540, 600], arc(500, 370, 290, 260, 80, 440)],
  sun: [arc(500, 500, 210), ...[0, 45, 90, 135, 180, 225, 270, 315].map((a) => [280, 430].flatMap((r) => [Math.round(500 + r * Math.cos((a * Math.PI) / 180)), Math.round(500 + r * Math.sin((a * Math.PI) / 180))]))],
  teapot: [arc(480, 600, 270, 240, -60, 240), [345, 392, 615, 392], arc(480, 330, 40), [740, 600, 850, 520, 930, 330], arc(230, 580, 140, 150, 110, 260)],
  cat: [arc(500, 560, 300, 280), [250, 400, 260, 130, 430, 290], [570, 290, 740, 130, 750, 400], arc(400, 510, 24), arc(600, 510, 24), [440, 640, 500, 690, 560, 640]],
  boat: [[120, 620, 260, 860, 740, 860, 880, 620, 120, 620], [500, 620, 500, 140, 780, 540, 500, 540]],
};

// Manner is how a hand draws, beyond its trembling.
export interface Manner {
  turn?: number; // degrees
  wide?: number; // times as wide as planned
}

// draw follows a plan as a hand does: not quite there, not quite that large, and never twice alike.
export function draw(plan: Drawing, rnd: () => number, { turn = 0, wide = 1 }: Manner = {}): Drawing {
  const some = (by: number) => (rnd() * 2 - 1) * by;
  const a = ((turn + some(9)) * Math.PI) / 180;
  const scale = 0.72 + some(0.16);
  const [sx, sy] = [scale * wide * (1 + some(0.14)), scale * (1 + some(0.14))];
  const skew = some(0.12);
  const [ox, oy] = [500 + some(90), 500 + some(90)];
  return plan.map((stroke) => {
    const [hx, hy] = [some(28), some(28)]; // a stroke that begins beside its place
    const waves = [some(16), some(16), rnd() * 6, rnd() * 6] as const;
    return fine(stroke).flatMap(([x, y], i) => {
      const [px, py] = [(x - 500) * sx + (y - 500) * skew, (y - 500) * sy];
      const qx = px * Math.cos(a) - py * Math.sin(a) + ox + hx + waves[0] * Math.sin(i * 0.7 + waves[2]) + some(5);
      const qy = px * Math.sin(a) + py * Math.cos(a) + oy + hy + waves[1] * Math.sin(i * 0.6 + waves[3]) + some(5);
      return [qx, qy].map((v) => Math.max(0, Math.min(1000, Math.round(v))));
    });
  });
}

// fine puts points along a stroke, so that long lines tremble too.
function fine(stroke: Stroke): [number, number][] {
  const out: [number, number][] = [[stroke[0]!, stroke[1]!]];
  for (let i = 2; i < stroke.length; i += 2) {
    const [ax, ay, bx, by] = [stroke[i - 2]!, stroke[i - 1]!, stroke[i]!, stroke[i + 1]!];
    const n = Math.max(1, Math.round(Math.hypot(bx - ax, by - ay) / 60));
    for (let k = 1; k <= n; k++) out.push([ax + ((bx - ax) * k) / n, ay + ((by - ay) * k) / n]);
  }
  return out;
}

// A drawing as numbers: it is put in the middle of a small picture, and described by which way its lines run where
// (a histogram of oriented gradients), and by where there is ink.
import type { Drawing } from "lab/pad";

const size = 32; // pixels a side
const cell = 8;
const cells = size / cell;
const turns = 9; // directions from 0 to half a turn
const inks = 8; // squares of ink a side

// length is how many numbers describe a drawing.
export const length = (cells - 1) * (cells - 1) * 4 * turns + inks * inks;

// raster is the picture of a drawing, 0 to 1 a pixel, as large as it fits, with a pixel of nothing around it: rim a row.
const rim = size + 2;
export function raster(d: Drawing): Float32Array {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const s of d)
    for (let i = 0; i < s.length; i += 2) {
      left = Math.min(left, s[i]!);
      right = Math.max(right, s[i]!);
      top = Math.min(top, s[i + 1]!);
      bottom = Math.max(bottom, s[i + 1]!);
    }
  const scale = (size - 6) / Math.max(right - left, bottom - top, 60);
  const ox = size / 2 - ((left + right) / 2) * scale;
  const oy = size / 2 - ((top + bottom) / 2) * scale;
  const out = new Float32Array(rim * rim);
  for (const s of d) {
    let ax = s[0]! * scale + ox;
    let ay = s[1]! * scale + oy;
    if (s.length === 2) segment(out, ax, ay, ax, ay);
    for (let i = 2; i < s.length; i += 2) {
      const bx = s[i]! * scale + ox;
      const by = s[i + 1]! * scale + oy;
      // A hand gives many points a pixel, and a line through half of them is the same line.
      if (i + 2 < s.length && Math.abs(bx - ax) + Math.abs(by - ay) < 0.5) continue;
      segment(out, ax, ay, bx, by);
      ax = bx;
      ay = by;
    }
  }
  return out;
}

// segment inks the pixels near a line.
function segment(out: Float32Array, ax: number, ay: number, bx: number, by: number) {
  const reach = 1.8;
  const dx = bx - ax;
  const dy = by - ay;
  const long = dx * dx + dy * dy;
  const left = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
  const right = Math.min(size - 1, Math.ceil(Math.max(ax, bx) + reach));
  const top = Math.max(0, Math.floor(Math.min(ay, by) - reach));
  const bottom = Math.min(size - 1, Math.ceil(Math.max(ay, by) + reach));
  for (let y = top; y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const qx = x + 0.5 - ax;
      const qy = y + 0.5 - ay;
      const t = long ? Math.max(0, Math.min(1, (qx * dx + qy * dy) / long)) : 0;
      const rx = qx - t * dx;
      const ry = qy - t * dy;
      const ink = Math.min(1, reach - Math.sqrt(rx * rx + ry * ry)); // hypot is ten times as slow
      const at = (y + 1) * rim + x + 1;
      if (ink > out[at]!) out[at] = ink;
    }
}

// features describes a drawing; the numbers together have length 1.
export function features(d: Drawing): Float32Array {
  const pic = raster(d);
  const hist = new Float32Array(cells * cells * turns);
  const ink = new Float32Array(inks * inks);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = (y + 1) * rim + x + 1;
      ink[((y * inks) / size | 0) * inks + ((x * inks) / size | 0)]! += pic[at]!;
      const gx = pic[at + 1]! - pic[at - 1]!;
      const gy = pic[at + rim]! - pic[at - rim]!;
      if (gx === 0 && gy === 0) continue;
      const turn = ((Math.atan2(gy, gx) + Math.PI) % Math.PI) * (turns / Math.PI);
      vote(hist, x, y, turn, Math.sqrt(gx * gx + gy * gy));
    }
  const out = new Float32Array(length);
  const block = 4 * turns;
  let n = 0;
  for (let by = 0; by < cells - 1; by++)
    for (let bx = 0; bx < cells - 1; bx++) {
      // Two cells side by side lie side by side in the histogram too.
      for (let row = by; row < by + 2; row++) {
        const from = (row * cells + bx) * turns;
        for (let b = 0; b < 2 * turns; b++) out[n++] = hist[from + b]!;
      }
      unit(out, n - block, n, 0.5);
    }
  unit(ink, 0, ink.length, 0.01);
  for (let i = 0; i < ink.length; i++) out[n++] = ink[i]! * 1.5;
  unit(out, 0, length, 0);
  return out;
}

// vote shares a pixel's strength among the cells and directions around it.
function vote(hist: Float32Array, x: number, y: number, turn: number, strength: number) {
  const cx = (x + 0.5) / cell - 0.5;
  const cy = (y + 0.5) / cell - 0.5;
  const x0 = Math.floor(cx);
  const y0 = Math.floor(cy);
  const b0 = Math.floor(turn - 0.5);
  const b1 = turn - 0.5 - b0; // the part of the direction beyond
  const first = (b0 + turns) % turns;
  const second = (b0 + 1) % turns;
  for (let iy = Math.max(0, y0); iy <= Math.min(cells - 1, y0 + 1); iy++)
    for (let ix = Math.max(0, x0); ix <= Math.min(cells - 1, x0 + 1); ix++) {
      const w = (1 - Math.abs(cx - ix)) * (1 - Math.abs(cy - iy)) * strength;
      const at = (iy * cells + ix) * turns;
      hist[at + first]! += w * (1 - b1);
      hist[at + second]! += w * b1;
    }
}

// unit makes the numbers of v between two places have length 1, or less where there is hardly anything.
function unit(v: Float32Array, from: number, to: number, least: number) {
  let sum = 0;
  for (let i = from; i < to; i++) sum += v[i]! * v[i]!;
  const by = 1 / (Math.sqrt(sum) + least || 1);
  for (let i = from; i < to; i++) v[i]! *= by;
}

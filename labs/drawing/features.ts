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

// raster is the picture of a drawing, 0 to 1 a pixel, as large as it fits.
export function raster(d: Drawing): Float32Array {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const s of d)
    for (let i = 0; i < s.length; i += 2) {
      left = Math.min(left, s[i]!);
      right = Math.max(right, s[i]!);
      top = Math.min(top, s[i + 1]!);
      bottom = Math.max(bottom, s[i + 1]!);
    }
  const scale = (size - 6) / Math.max(right - left, bottom - top, 60);
  const x = (v: number) => (v - (left + right) / 2) * scale + size / 2;
  const y = (v: number) => (v - (top + bottom) / 2) * scale + size / 2;
  const out = new Float32Array(size * size);
  for (const s of d)
    for (let i = 0; i < s.length; i += 2) {
      const j = Math.min(i + 2, s.length - 2);
      segment(out, x(s[i]!), y(s[i + 1]!), x(s[j]!), y(s[j + 1]!));
    }
  return out;
}

// segment inks the pixels near a line.
function segment(out: Float32Array, ax: number, ay: number, bx: number, by: number) {
  const reach = 1.8;
  const [dx, dy] = [bx - ax, by - ay];
  const long = dx * dx + dy * dy;
  const first = (v: number) => Math.max(0, Math.floor(v - reach));
  const last = (v: number) => Math.min(size - 1, Math.ceil(v + reach));
  for (let py = first(Math.min(ay, by)); py <= last(Math.max(ay, by)); py++)
    for (let px = first(Math.min(ax, bx)); px <= last(Math.max(ax, bx)); px++) {
      const [qx, qy] = [px + 0.5 - ax, py + 0.5 - ay];
      const t = long ? Math.max(0, Math.min(1, (qx * dx + qy * dy) / long)) : 0;
      const ink = Math.max(0, Math.min(1, reach - Math.hypot(qx - t * dx, qy - t * dy)));
      const at = py * size + px;
      if (ink > out[at]!) out[at] = ink;
    }
}

// features describes a drawing; the numbers together have length 1.
export function features(d: Drawing): Float32Array {
  const pic = raster(d);
  const pixel = (x: number, y: number) => (x < 0 || y < 0 || x >= size || y >= size ? 0 : pic[y * size + x]!);
  const hist = new Float32Array(cells * cells * turns);
  const ink = new Float32Array(inks * inks);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const at = ((y * inks) / size) | 0;
      ink[at * inks + (((x * inks) / size) | 0)]! += pixel(x, y);
      const gx = pixel(x + 1, y) - pixel(x - 1, y);
      const gy = pixel(x, y + 1) - pixel(x, y - 1);
      const strength = Math.hypot(gx, gy);
      if (strength === 0) continue;
      const turn = ((Math.atan2(gy, gx) + Math.PI) % Math.PI) * (turns / Math.PI);
      vote(hist, x, y, turn, strength);
    }
  const out = new Float32Array(length);
  let n = 0;
  for (let by = 0; by < cells - 1; by++)
    for (let bx = 0; bx < cells - 1; bx++) {
      const from = n;
      for (const [cx, cy] of [[bx, by], [bx + 1, by], [bx, by + 1], [bx + 1, by + 1]] as const)
        for (let b = 0; b < turns; b++) out[n++] = hist[(cy * cells + cx) * turns + b]!;
      unit(out.subarray(from, n), 0.5);
    }
  unit(ink, 0.01);
  for (const v of ink) out[n++] = v * 1.5;
  unit(out, 0);
  return out;
}

// vote shares a pixel's strength among the cells and directions around it.
function vote(hist: Float32Array, x: number, y: number, turn: number, strength: number) {
  const cx = (x + 0.5) / cell - 0.5;
  const cy = (y + 0.5) / cell - 0.5;
  const [x0, y0, b0] = [Math.floor(cx), Math.floor(cy), Math.floor(turn - 0.5)];
  for (let i = 0; i < 8; i++) {
    const [ix, iy, ib] = [x0 + (i & 1), y0 + ((i >> 1) & 1), b0 + (i >> 2)];
    if (ix < 0 || iy < 0 || ix >= cells || iy >= cells) continue;
    const w = (1 - Math.abs(cx - ix)) * (1 - Math.abs(cy - iy)) * (1 - Math.abs(turn - 0.5 - ib));
    hist[(iy * cells + ix) * turns + ((ib + turns) % turns)]! += w * strength;
  }
}

function unit(v: Float32Array, least: number) {
  let sum = 0;
  for (const x of v) sum += x * x;
  const by = 1 / (Math.sqrt(sum) + least || 1);
  for (let i = 0; i < v.length; i++) v[i]! *= by;
}

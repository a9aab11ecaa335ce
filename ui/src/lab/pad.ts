// A sheet to draw on, with a finger, a mouse, a pen or the arrow keys.
import { button, h, s } from "./dom";

// Stroke is a line of the pencil: x and y in turn, each from 0 to 1000.
export type Stroke = number[];
export type Drawing = Stroke[];

const side = 1000;

// path is a drawing as the path of an SVG.
export function path(d: Drawing): string {
  return d
    .map((stroke) => {
      let p = `M${stroke[0]} ${stroke[1]}`;
      for (let i = 2; i < stroke.length; i += 2) p += `L${stroke[i]} ${stroke[i + 1]}`;
      return stroke.length === 2 ? p + "h1" : p;
    })
    .join("");
}

// thumb is a small picture of a drawing.
export function thumb(d: Drawing, label = ""): SVGElement {
  return s("svg", { class: "lab-thumb", viewBox: "-30 -30 1060 1060", ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }) }, s("path", { d: path(d) }));
}

export class Pad {
  readonly element: HTMLElement;
  private drawing: Drawing = [];
  private readonly ink = s("path", { class: "lab-ink" });
  private readonly pencil = s("path", { class: "lab-pencil", d: "M-24 0H24M0 -24V24", visibility: "hidden" });
  private readonly sheet: SVGElement;
  private readonly said = h("span", { class: "sr", role: "status" });
  private at: [number, number] = [side / 2, side / 2];
  private down = false;
  private pointer = -1;

  // changed is called when a stroke ends or goes.
  constructor(
    private readonly t: (key: string) => string,
    private readonly changed: () => void = () => {},
  ) {
    this.sheet = s(
      "svg",
      {
        class: "lab-sheet",
        viewBox: `0 0 ${side} ${side}`,
        tabindex: 0,
        role: "application",
        "aria-label": t("pad.label"),
        onpointerdown: (e: PointerEvent) => this.press(e),
        onpointermove: (e: PointerEvent) => this.drag(e),
        onpointerup: (e: PointerEvent) => this.lift(e),
        onpointercancel: (e: PointerEvent) => this.lift(e),
        onkeydown: (e: KeyboardEvent) => this.key(e),
        onblur: () => this.raise(),
      },
      this.ink,
      this.pencil,
    );
    this.element = h("div", { class: "lab-pad" }, this.sheet, this.said, h("div", { class: "btns" }, button(t("pad.undo"), () => this.undo()), button(t("pad.clear"), () => this.clear())));
  }

  get value(): Drawing {
    return this.drawing.map((stroke) => [...stroke]);
  }
  get empty(): boolean {
    return this.drawing.length === 0;
  }

  clear() {
    this.drawing = [];
    this.down = false;
    this.draw();
    this.changed();
  }

  private undo() {
    this.drawing.pop();
    this.draw();
    this.changed();
  }

  private draw() {
    this.ink.setAttribute("d", path(this.drawing));
    this.pencil.setAttribute("transform", `translate(${this.at[0]} ${this.at[1]})`);
    this.pencil.classList.toggle("lab-pencil-down", this.down);
  }

  private where(e: PointerEvent): [number, number] {
    const box = this.sheet.getBoundingClientRect();
    const on = (v: number, length: number) => Math.max(0, Math.min(side, Math.round((v / length) * side)));
    return [on(e.clientX - box.left, box.width), on(e.clientY - box.top, box.height)];
  }

  private press(e: PointerEvent) {
    if (this.pointer >= 0 || e.button > 0) return;
    this.pointer = e.pointerId;
    this.sheet.setPointerCapture(e.pointerId);
    this.pencil.setAttribute("visibility", "hidden");
    this.drawing.push(this.where(e));
    this.draw();
  }

  private drag(e: PointerEvent) {
    if (e.pointerId !== this.pointer) return;
    const stroke = this.drawing.at(-1)!;
    for (const p of e.getCoalescedEvents?.() ?? [e]) add(stroke, ...this.where(p));
    this.draw();
  }

  private lift(e: PointerEvent) {
    if (e.pointerId !== this.pointer) return;
    this.pointer = -1;
    this.changed();
  }

  private key(e: KeyboardEvent) {
    const step = e.shiftKey ? 100 : 40;
    const moves: Record<string, [number, number]> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const move = moves[e.key];
    if (move) {
      this.at = [Math.max(0, Math.min(side, this.at[0] + move[0])), Math.max(0, Math.min(side, this.at[1] + move[1]))];
      if (this.down) add(this.drawing.at(-1)!, ...this.at);
    } else if (e.key === " ") {
      if (this.down) this.raise();
      else {
        this.down = true;
        this.drawing.push([...this.at]);
        this.said.textContent = this.t("pad.down");
      }
    } else return;
    e.preventDefault();
    this.pencil.setAttribute("visibility", "visible");
    this.draw();
  }

  private raise() {
    if (!this.down) return;
    this.down = false;
    this.said.textContent = this.t("pad.up");
    this.draw();
    this.changed();
  }
}

// add leaves out what is nearer than a hair, so that a drawing is small to keep.
function add(stroke: Stroke, x: number, y: number) {
  if (Math.hypot(x - stroke.at(-2)!, y - stroke.at(-1)!) >= 8) stroke.push(x, y);
}

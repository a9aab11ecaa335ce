// Lab 1, teach by drawing: a learner draws two to six things, a machine learns to tell them apart, and a friend's drawings
// show what it has learned.
import "./lab.css";
import { button, define, h, Lab, Remote, share, type Line, type Step } from "lab/frame";
import { Pad, thumb, type Drawing } from "lab/pad";
import { things } from "./hand";
import about from "./lab.json";
import { best, type Guess } from "./learn";
import type { Way } from "./worker";

interface Kind {
  name: string; // of a card, or the learner's own word
  drawings: Drawing[];
}

interface Tried {
  drawing: Drawing;
  truth: number;
  guess: number;
  sure: number;
  taught?: boolean; // the machine has learned from it since
}

interface State {
  kinds: Kind[];
  trained: number; // drawings that the machine has learned from; 0: none yet
  tried: Tried[];
  again: Tried[]; // after it was taught its mistakes
  strange: number; // how sure it was of a drawing of nothing that it knows; -1: not asked
  way: Way;
}

const least = 5; // drawings of each thing
const most = 6; // things

class Drawings extends Lab<State> {
  protected readonly name = "drawing";
  protected readonly about = about;
  private remote!: Remote;
  private learned = Promise.resolve(0);
  private kind = 0; // the one being drawn
  private truth = 0; // what the friend says it is

  protected fresh(): State {
    return { kinds: [], trained: 0, tried: [], again: [], strange: -1, way: "weigh" };
  }

  protected begun() {
    this.remote?.stop();
    this.remote = new Remote(this.pack.worker!);
    if (this.state.trained) this.learn();
  }

  protected steps(): Step[] {
    return [
      { key: "choose", show: (into) => this.choose(into), done: () => this.state.kinds.length >= 2 },
      { key: "draw", show: (into) => this.draw(into), done: () => this.state.kinds.length >= 2 && this.state.kinds.every((k) => k.drawings.length >= least) },
      { key: "train", show: (into) => this.train(into), done: () => this.state.trained > 0 },
      { key: "try", show: (into) => this.try(into, this.state.tried), done: () => this.state.kinds.every((_, i) => this.state.tried.filter((t) => t.truth === i).length >= 2) },
      { key: "mistakes", show: (into) => this.mistakes(into), done: () => this.state.again.length >= this.state.kinds.length || this.state.tried.every((t) => t.guess === t.truth) },
      { key: "strange", show: (into) => this.strange(into), done: () => this.state.strange >= 0 },
      { key: "play", show: (into) => this.play(into) },
    ];
  }

  private label(name: string): string {
    return name in things ? this.t(`thing.${name}`) : name;
  }
  private kindName(i: number): Node {
    const { name } = this.state.kinds[i]!;
    return name in things ? this.w(`thing.${name}`) : h("bdi", {}, name);
  }

  private learn() {
    const drawings = this.state.kinds.flatMap((k, i) => k.drawings.map((drawing) => ({ drawing, label: i })));
    for (const t of this.state.tried) if (t.taught) drawings.push({ drawing: t.drawing, label: t.truth });
    this.state.trained = drawings.length;
    this.learned = this.remote.ask<number>("train", { drawings: drawings.map((d) => d.drawing), labels: drawings.map((d) => d.label), classes: this.state.kinds.length });
    return this.learned;
  }

  private seen(index: number): Drawing {
    return [...this.state.kinds.flatMap((k) => k.drawings), ...this.state.tried.filter((t) => t.taught).map((t) => t.drawing)][index]!;
  }

  // What is drawn otherwise than it was is learned anew.
  private forget() {
    Object.assign(this.state, { trained: 0, tried: [], again: [], strange: -1 });
    this.work.done = this.work.done.filter((key) => ["choose", "draw"].includes(key));
  }

  private choose(into: HTMLElement) {
    const { kinds } = this.state;
    const toggle = (name: string) => {
      const i = kinds.findIndex((k) => k.name === name);
      if (i < 0 && kinds.length === most) return this.tell(this.t("choose.most", { n: most }), "todo");
      if (i >= 0 && kinds[i]!.drawings.length > 0) return this.tell(this.t("choose.drawn", { name: this.label(name) }), "todo");
      if (i < 0) kinds.push({ name, drawings: [] });
      else kinds.splice(i, 1);
      this.forget();
      this.changed();
      this.redraw();
      this.tell(this.t("choose.chosen", { n: kinds.length }), kinds.length >= 2 ? "good" : "");
    };
    const names = [...Object.keys(things), ...kinds.map((k) => k.name).filter((n) => !(n in things))];
    const own = h("input", { class: "input", id: "own-thing", maxlength: 20, dir: "auto", autocomplete: "off" });
    into.append(
      h("div", { class: "drawing-cards", role: "group", "aria-label": this.t("step.choose") }, ...names.map((name) => button(h("span", { class: "drawing-card" }, things[name] ? thumb(things[name]!) : h("span", { class: "drawing-own", "aria-hidden": "true" }, [...name][0]!), name in things ? this.w(`thing.${name}`) : h("bdi", {}, name)), () => toggle(name), { class: "btn", "aria-pressed": kinds.some((k) => k.name === name), "data-key": `thing-${name}` }))),
      h(
        "form",
        {
          class: "drawing-ownform",
          onsubmit: (e: Event) => {
            e.preventDefault();
            const name = own.value.trim();
            if (!name) return this.tell(this.t("choose.own.empty"), "todo");
            if (kinds.some((k) => this.label(k.name) === name)) return this.tell(this.t("choose.own.twice"), "todo");
            toggle(name);
          },
        },
        h("label", { for: "own-thing" }, this.w("choose.own")),
        own,
        h("button", { class: "btn" }, this.w("choose.own.add")),
      ),
    );
  }

  private draw(into: HTMLElement) {
    const { kinds } = this.state;
    this.kind = Math.min(this.kind, kinds.length - 1);
    const tabs = h("div", { class: "drawing-tabs", role: "group", "aria-label": this.t("draw.what") });
    const done = h("ul", { class: "drawing-thumbs" });
    const add = button(h("span", {}, this.icon("plus"), " ", this.w("draw.add")), () => {
      if (pad.empty) return this.tell(this.t("draw.empty"), "todo");
      const k = kinds[this.kind]!;
      k.drawings.push(pad.value);
      this.remote.ask("see", pad.value).catch(() => {}); // learning says what is wrong
      this.forget();
      pad.clear();
      this.tell(k.drawings.length < least ? this.t("draw.more", { n: least - k.drawings.length, name: this.label(k.name) }) : this.t("draw.enough", { name: this.label(k.name) }), k.drawings.length < least ? "" : "good");
      // On to the next thing, so that a child draws and does not look for buttons.
      if (k.drawings.length === least) {
        const next = kinds.findIndex((o) => o.drawings.length < least);
        if (next >= 0) this.kind = next;
      }
      this.changed();
      show();
    }, { class: "btn btn-add", "data-key": "draw-add" });
    const pad = new Pad((key) => this.t(key));
    const show = () => {
      const focus = document.activeElement?.getAttribute("data-key");
      tabs.replaceChildren(
        ...kinds.map((k, i) =>
          button(h("span", { class: "drawing-tab" }, things[k.name] ? thumb(things[k.name]!) : "", h("span", {}, this.kindName(i)), h("span", { class: "count" }, this.t("lab.of", { n: k.drawings.length, total: least }))), () => {
            this.kind = i;
            pad.clear();
            show();
          }, { class: "btn", "aria-pressed": i === this.kind, "data-key": `tab-${i}` }),
        ),
      );
      const k = kinds[this.kind]!;
      done.replaceChildren(
        ...k.drawings.map((d, i) =>
          h("li", {}, button(thumb(d), () => {
            k.drawings.splice(i, 1);
            this.forget();
            this.changed();
            show();
            this.tell(this.t("draw.gone"));
          }, { class: "drawing-thumb", "aria-label": this.t("draw.remove", { n: i + 1, name: this.label(k.name) }) })),
        ),
      );
      if (focus) tabs.querySelector<HTMLElement>(`[data-key="${focus}"]`)?.focus();
    };
    show();
    into.append(tabs, h("div", { class: "lab-two" }, h("div", {}, pad.element, h("div", { class: "btns" }, add)), h("div", {}, h("p", { class: "small muted" }, this.w("draw.mine")), done)));
  }

  private train(into: HTMLElement) {
    const n = this.state.kinds.reduce((sum, k) => sum + k.drawings.length, 0);
    into.append(
      h("ul", { class: "drawing-kinds" }, ...this.state.kinds.map((k, i) => h("li", {}, h("b", {}, this.kindName(i)), h("span", { class: "drawing-row" }, ...k.drawings.slice(0, 12).map((d) => thumb(d)))))),
      h("div", { class: "btns" }, button(h("span", {}, this.icon("school"), " ", this.w("train.do")), async () => {
        this.tell(this.t("train.busy"));
        Object.assign(this.state, { tried: [], again: [], strange: -1 });
        try {
          const took = await this.learn();
          this.changed();
          this.tell(this.t("train.done", { n, ms: Math.max(1, Math.round(took)) }), "good");
        } catch {
          this.state.trained = 0;
          this.tell(this.t("lab.broken"), "todo");
        }
      }, { class: "btn btn-add", "data-key": "train" })),
      h("p", { class: "muted" }, this.w("train.how")),
    );
  }

  private async guess(drawing: Drawing): Promise<Guess> {
    await this.learned;
    return this.remote.ask<Guess>("guess", { drawing, way: this.state.way });
  }

  // shown is what the machine says of a drawing, how sure it is, and what it was reminded of.
  private shown(g: Guess): HTMLElement {
    const top = best(g.parts);
    const near = g.near.slice(0, 3).map((n) => thumb(this.seen(n.index)));
    return h(
      "div",
      { class: "drawing-answer" },
      h("p", { class: "drawing-says" }, this.w("try.says", { name: this.label(this.state.kinds[top]!.name) })),
      h("p", {}, this.w(g.parts[top]! >= 0.85 ? "try.sure" : g.parts[top]! >= 0.6 ? "try.rather" : "try.unsure")),
      h("ul", { class: "lab-bars" }, ...g.parts.map((p, i) => share(this.kindName(i), p, this.percent(p), i === top))),
      h("p", { class: "small muted" }, this.w("try.near")),
      h("p", { class: "drawing-row" }, ...near),
    );
  }

  // try lets a friend draw; the friend says what it is before the machine does.
  private try(into: HTMLElement, list: Tried[], more?: () => void) {
    const out = h("div", { class: "drawing-out" });
    const counts = h("p", { class: "muted", "data-counts": true });
    const count = () => {
      const right = list.filter((t) => t.guess === t.truth).length;
      counts.textContent = list.length ? this.t("try.count", { right, n: list.length }) : this.t("try.first");
    };
    const pad = new Pad((key) => this.t(key));
    const kinds = this.state.kinds;
    const choose = h("div", { class: "drawing-tabs", role: "radiogroup", "aria-label": this.t("try.truth") }, ...kinds.map((_, i) => h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: "truth", value: i, checked: i === this.truth, onchange: () => (this.truth = i) }), h("span", {}, this.kindName(i)))));
    const ask = button(h("span", {}, this.icon("help"), " ", this.w("try.ask")), async () => {
      if (pad.empty) return this.tell(this.t("draw.empty"), "todo");
      const drawing = pad.value;
      const g = await this.guess(drawing);
      const top = best(g.parts);
      list.push({ drawing, truth: this.truth, guess: top, sure: g.parts[top]! });
      out.replaceChildren(this.shown(g));
      this.tell(top === this.truth ? this.t("try.right", { name: this.label(kinds[top]!.name), sure: this.percent(g.parts[top]!) }) : this.t("try.wrong", { name: this.label(kinds[top]!.name), truth: this.label(kinds[this.truth]!.name) }), top === this.truth ? "good" : "todo");
      pad.clear();
      count();
      // The thing that was tried least is next.
      const n = kinds.map((_, i) => list.filter((t) => t.truth === i).length);
      this.truth = n.indexOf(Math.min(...n));
      choose.querySelectorAll("input")[this.truth]!.checked = true;
      more?.();
      this.changed();
    }, { class: "btn btn-add", "data-key": "ask" });
    count();
    into.append(h("div", { class: "lab-two" }, h("div", {}, h("p", {}, this.w("try.truth")), choose, pad.element, h("div", { class: "btns" }, ask), counts), out));
  }

  private table(list: Tried[]): HTMLElement {
    const { kinds } = this.state;
    return h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": this.t("table.name") },
      h(
        "table",
        { class: "drawing-table" },
        h("caption", {}, this.w("table.name")),
        h("thead", {}, h("tr", {}, h("td", {}), ...kinds.map((_, i) => h("th", { scope: "col" }, this.w("table.said"), " ", this.kindName(i))))),
        h(
          "tbody",
          {},
          ...kinds.map((_, r) =>
            h("tr", {}, h("th", { scope: "row" }, this.w("table.was"), " ", this.kindName(r)), ...kinds.map((_, c) => {
              const n = list.filter((t) => t.truth === r && t.guess === c).length;
              return h("td", { class: n === 0 ? "drawing-none" : r === c ? "drawing-right" : "drawing-wrong" }, n === 0 ? "·" : String(n), n > 0 && r !== c ? h("span", { class: "sr" }, " ", this.w("table.wrong")) : "");
            })),
          ),
        ),
      ),
    );
  }

  private mistakes(into: HTMLElement) {
    const wrong = this.state.tried.filter((t) => t.guess !== t.truth);
    const table = h("div", {}, this.table(this.state.tried));
    into.append(table);
    if (wrong.length === 0) {
      into.append(h("p", { class: "notice notice-good" }, this.icon("done"), h("span", {}, this.w("mistakes.none"))));
      return;
    }
    into.append(
      h("p", {}, this.w("mistakes.these")),
      h("ul", { class: "drawing-thumbs" }, ...wrong.map((t) => h("li", { class: "drawing-miss" }, thumb(t.drawing), h("span", {}, this.kindName(t.truth)), h("span", { class: "small muted" }, this.w("mistakes.taken", { name: this.label(this.state.kinds[t.guess]!.name) }))))),
    );
    const again = h("div", { class: "stack" });
    const retry = () => {
      const after = h("div", {}, this.table(this.state.again));
      again.replaceChildren(h("h3", {}, this.w("mistakes.again")));
      this.try(again, this.state.again, () => after.replaceChildren(this.table(this.state.again)));
      again.append(after);
    };
    if (wrong.every((t) => t.taught)) retry();
    else
      into.append(
        h("div", { class: "btns" }, button(h("span", {}, this.icon("school"), " ", this.w("mistakes.teach")), async () => {
          for (const t of wrong) t.taught = true;
          await this.learn();
          this.changed();
          this.redraw();
          this.tell(this.t("mistakes.taught", { n: this.state.trained }), "good");
        }, { class: "btn btn-add", "data-key": "teach" })),
      );
    into.append(again);
  }

  private strange(into: HTMLElement) {
    const out = h("div", { class: "drawing-out" });
    const pad = new Pad((key) => this.t(key));
    const say = () => this.state.strange >= 0 && this.tell(this.t("strange.said", { sure: this.percent(this.state.strange) }), "good");
    into.append(
      h(
        "div",
        { class: "lab-two" },
        h("div", {}, pad.element, h("div", { class: "btns" }, button(h("span", {}, this.icon("help"), " ", this.w("try.ask")), async () => {
          if (pad.empty) return this.tell(this.t("draw.empty"), "todo");
          const g = await this.guess(pad.value);
          this.state.strange = Math.max(...g.parts);
          out.replaceChildren(this.shown(g));
          this.changed();
          say();
        }, { class: "btn btn-add", "data-key": "ask" }))),
        out,
      ),
    );
  }

  private play(into: HTMLElement) {
    const out = h("div", { class: "drawing-out" });
    let last: Drawing | undefined;
    const answer = async () => {
      if (!last || last.length === 0) return;
      out.replaceChildren(this.shown(await this.guess(last)));
    };
    const pad = new Pad((key) => this.t(key), () => {
      last = pad.value;
      void answer();
    });
    into.append(
      h(
        "fieldset",
        { class: "lab-row" },
        h("legend", {}, this.w("play.way")),
        ...(["weigh", "near"] as const).map((way) =>
          h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: "way", checked: this.state.way === way, onchange: () => ((this.state.way = way), this.changed(), void answer()) }), h("span", {}, this.w(`play.${way}`))),
        ),
      ),
      h("div", { class: "lab-two" }, pad.element, out),
    );
  }

  private accuracy(list: Tried[]): number {
    return list.length ? list.filter((t) => t.guess === t.truth).length / list.length : 0;
  }

  protected summary(): Line[] {
    const { state } = this;
    const lines: Line[] = [
      [this.w("keep.kinds"), state.kinds.map((k) => this.label(k.name)).join(" · ")],
      [this.w("keep.drawings"), String(state.trained)],
      [this.w("keep.friend"), this.t("lab.of", { n: state.tried.filter((t) => t.guess === t.truth).length, total: state.tried.length })],
    ];
    if (state.again.length) lines.push([this.w("keep.again"), this.t("lab.of", { n: state.again.filter((t) => t.guess === t.truth).length, total: state.again.length })]);
    lines.push([this.w("keep.strange"), this.percent(Math.max(0, state.strange))]);
    return lines;
  }

  protected measures(): Record<string, number> {
    const { state } = this;
    return { classes: state.kinds.length, drawings: state.trained, accuracy: this.accuracy(state.tried), accuracyAfter: this.accuracy(state.again.length ? state.again : state.tried), sureOfStrange: Math.max(0, state.strange) };
  }

  protected artefact() {
    const { kinds, tried, again } = this.state;
    const matrix = (list: Tried[]) => kinds.map((_, r) => kinds.map((_, c) => list.filter((t) => t.truth === r && t.guess === c).length));
    return { kinds, tried, again, matrix: matrix(tried), matrixAfter: matrix(again), measures: this.measures() };
  }

  protected forOthers() {
    return { lines: this.summary(), drawings: this.state.kinds.flatMap((k) => k.drawings.slice(0, 2)) };
  }

  protected picture() {
    return h("div", { class: "drawing-wall" }, ...this.state.kinds.flatMap((k) => k.drawings.slice(0, 4)).map((d) => thumb(d)));
  }
}
define("drawing", Drawings);

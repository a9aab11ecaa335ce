// Lab 2, unfair data: a machine that has seen the drawings of some children only fails the others, until it is repaired.
import "./lab.css";
import { button, define, h, Lab, Remote, share, type Line, type Step } from "lab/frame";
import { Pad, thumb, type Drawing } from "lab/pad";
import type { Mix, Outcome } from "./fit";
import about from "./lab.json";
import { each, held, styles, things, toLearn, toTest, type Style } from "./styles";

interface Try {
  town: number; // drawings of each thing
  village: number;
  recall: Record<Style, number>;
}

interface State {
  guess: string; // what the learner expects: same, town, village
  before: Outcome | null; // after the town's drawings alone
  reason: string; // why it fails, as the learner says: badly, never, few
  town: number; // what the learner mixes
  village: number;
  tries: Try[];
  own: { drawing: Drawing; label: number }[];
}

const alone = 10; // drawings of each thing that the unfair machine learns from
const fair = 0.1; // a gap that is small enough

class Unfair extends Lab<State> {
  protected readonly name = "unfair";
  protected readonly about = about;
  private remote!: Remote;
  private ready: Promise<unknown> = Promise.resolve();

  protected fresh(): State {
    return { guess: "", before: null, reason: "", town: alone, village: 0, tries: [], own: [] };
  }

  protected begun() {
    this.remote?.stop();
    this.remote = new Remote(this.pack.worker!);
    const last = this.state.tries.at(-1);
    if (last) this.ready = this.fit(last.town, last.village);
  }

  protected steps(): Step[] {
    return [
      { key: "look", show: (into) => this.look(into), done: () => this.state.guess !== "" },
      { key: "one", show: (into) => this.one(into), done: () => this.state.before !== null },
      { key: "missed", show: (into) => this.missed(into), done: () => this.state.reason === "never" },
      { key: "repair", show: (into) => this.repair(into), done: () => this.state.tries.some((t) => gap(t.recall) <= fair && Math.min(t.recall.town, t.recall.village) >= 0.8) },
      { key: "play", show: (into) => this.play(into) },
    ];
  }

  private thing(label: number): string {
    return this.t(`thing.${things[label]!}`);
  }

  private fit(town: number, village: number): Promise<Outcome> {
    const mix: Mix = { town, village, own: this.state.own };
    return this.remote.ask<Outcome>("fit", mix);
  }

  private wall(style: Style, n: number): HTMLElement {
    const of = toLearn(style, n);
    return h(
      "section",
      { class: "unfair-card" },
      h("h3", {}, this.w(`style.${style}`)),
      ...things.map((_, label) => h("div", { class: "unfair-row" }, h("span", { class: "unfair-name" }, this.w(`thing.${things[label]!}`)), ...of.filter((d) => d.label === label).map((d) => thumb(d.drawing)))),
    );
  }

  private look(into: HTMLElement) {
    const { state } = this;
    into.append(
      h("div", { class: "lab-two" }, ...styles.map((s) => this.wall(s, 4))),
      h("p", {}, this.w("look.neither")),
      h(
        "fieldset",
        { class: "lab-row" },
        h("legend", {}, this.w("look.guess")),
        ...["same", "town", "village"].map((g) => h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: "guess", checked: state.guess === g, onchange: () => ((state.guess = g), this.changed()) }), h("span", {}, this.w(`look.${g}`)))),
      ),
    );
  }

  private recall(r: Record<Style, number>): HTMLElement {
    return h(
      "section",
      { class: "unfair-card" },
      h("h3", {}, this.w("recall.title")),
      h("ul", { class: "lab-bars" }, ...styles.map((s) => share(this.w(`style.${s}`), r[s], this.percent(r[s]), true))),
      h("p", { class: "unfair-gap" }, this.w("recall.gap", { n: Math.round(gap(r) * 100) })),
      h("p", { class: "small muted" }, this.w("recall.how", { n: held * things.length })),
    );
  }

  private one(into: HTMLElement) {
    const { state } = this;
    const out = h("div", {});
    const show = () => {
      if (!state.before) return;
      out.replaceChildren(this.recall(state.before.recall));
    };
    show();
    into.append(
      this.wall("town", alone),
      h("div", { class: "btns" }, button(h("span", {}, this.icon("school"), " ", this.w("one.train")), async () => {
        this.tell(this.t("one.busy"));
        state.before = await this.fit(alone, 0);
        this.changed();
        show();
        const { town, village } = state.before.recall;
        this.tell(this.t("one.done", { town: this.percent(town), village: this.percent(village) }), "todo");
      }, { class: "btn btn-add", "data-key": "train" })),
      out,
    );
  }

  private missed(into: HTMLElement) {
    const { state } = this;
    const test = toTest("village");
    const said = state.before!.said.village;
    const wrong = test.map((d, i) => ({ ...d, said: said[i]! })).filter((d) => d.said !== d.label);
    const why = h("p", { class: "lab-why", role: "status" });
    const judge = () => {
      if (!state.reason) return;
      const right = state.reason === "never";
      why.className = right ? "lab-why lab-why-right" : "lab-why lab-why-wrong";
      why.replaceChildren(this.icon(right ? "check" : "help"), h("span", {}, this.w(`missed.${state.reason}.why`)));
    };
    judge();
    into.append(
      h("p", {}, this.w("missed.count", { n: wrong.length, total: test.length })),
      h("ul", { class: "unfair-wall" }, ...wrong.slice(0, 12).map((d) => h("li", {}, thumb(d.drawing), h("b", {}, this.thing(d.label)), h("span", { class: "unfair-said" }, this.w("missed.said", { name: this.thing(d.said) }))))),
      h(
        "fieldset",
        { class: "lab-row" },
        h("legend", {}, this.w("missed.reason")),
        ...["badly", "never", "few"].map((r) => h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: "reason", checked: state.reason === r, onchange: () => ((state.reason = r), judge(), this.changed()) }), h("span", {}, this.w(`missed.${r}`)))),
      ),
      why,
    );
  }

  private repair(into: HTMLElement) {
    const { state } = this;
    const out = h("div", { class: "stack" });
    const show = () => {
      const last = state.tries.at(-1);
      out.replaceChildren(
        last ? this.recall(last.recall) : "",
        state.tries.length
          ? h(
              "div",
              { class: "scroll", tabindex: 0, role: "region", "aria-label": this.t("repair.tries") },
              h(
                "table",
                { class: "table unfair-table" },
                h("caption", {}, this.w("repair.tries")),
                h("thead", {}, h("tr", {}, ...styles.flatMap((s) => [h("th", { scope: "col" }, this.w(`repair.from.${s}`))]), ...styles.map((s) => h("th", { scope: "col" }, this.w(`repair.known.${s}`))), h("th", { scope: "col" }, this.w("repair.gap")))),
                h("tbody", {}, ...state.tries.slice(-6).map((t) => h("tr", {}, h("td", {}, String(t.town)), h("td", {}, String(t.village)), ...styles.map((s) => h("td", {}, this.percent(t.recall[s]))), h("td", { class: gap(t.recall) <= fair ? "unfair-fair" : "" }, String(Math.round(gap(t.recall) * 100)))))),
              ),
            )
          : "",
      );
    };
    // A number is set by steps: a finger, a key or a reader does it alike.
    const stepper = (s: Style) => {
      const figure = h("output", { class: "unfair-figure" }, String(state[s]));
      const by = (n: number) => {
        state[s] = Math.max(0, Math.min(each, state[s] + n));
        figure.textContent = String(state[s]);
        this.changed();
      };
      return h(
        "div",
        { class: "unfair-stepper", role: "group", "aria-label": this.t(`repair.from.${s}`) },
        h("span", {}, this.w(`repair.from.${s}`)),
        button(this.icon("minus"), () => by(-2), { "aria-label": this.t(`repair.less.${s}`) }),
        figure,
        button(this.icon("plus"), () => by(2), { "aria-label": this.t(`repair.more.${s}`) }),
      );
    };
    show();
    into.append(
      h("p", {}, this.w("repair.each")),
      ...styles.map(stepper),
      h("div", { class: "btns" }, button(h("span", {}, this.icon("school"), " ", this.w("repair.train")), async () => {
        if (state.town + state.village === 0) return this.tell(this.t("repair.none"), "todo");
        this.tell(this.t("one.busy"));
        const { recall } = await this.fit(state.town, state.village);
        const t: Try = { town: state.town, village: state.village, recall };
        state.tries.push(t);
        this.changed();
        show();
        const good = gap(recall) <= fair && Math.min(recall.town, recall.village) >= 0.8;
        this.tell(this.t(good ? "repair.fair" : "repair.unfair", { n: Math.round(gap(recall) * 100) }), good ? "good" : "todo");
      }, { class: "btn btn-add", "data-key": "train" })),
      out,
    );
  }

  // play lets the learner draw these things as they look at home, and teach them too.
  private play(into: HTMLElement) {
    const { state } = this;
    let label = 0;
    const out = h("div", { class: "stack" });
    const pad = new Pad((key) => this.t(key));
    into.append(
      h(
        "div",
        { class: "lab-two" },
        h(
          "div",
          {},
          h("div", { class: "unfair-things", role: "radiogroup", "aria-label": this.t("play.what") }, ...things.map((name, i) => h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: "thing", checked: i === label, onchange: () => (label = i) }), h("span", {}, this.w(`thing.${name}`))))),
          pad.element,
          h(
            "div",
            { class: "btns" },
            button(h("span", {}, this.icon("help"), " ", this.w("play.ask")), async () => {
              if (pad.empty) return this.tell(this.t("play.empty"), "todo");
              await this.ready;
              const parts = await this.remote.ask<number[]>("guess", pad.value);
              const top = parts.indexOf(Math.max(...parts));
              out.replaceChildren(h("p", { class: "unfair-says" }, this.w("play.says", { name: this.thing(top) })), h("ul", { class: "lab-bars" }, ...parts.map((p, i) => share(this.w(`thing.${things[i]!}`), p, this.percent(p), i === top))));
              this.tell(this.t(top === label ? "play.right" : "play.wrong", { name: this.thing(top) }), top === label ? "good" : "todo");
            }, { class: "btn btn-add", "data-key": "ask" }),
            button(h("span", {}, this.icon("plus"), " ", this.w("play.teach")), async () => {
              if (pad.empty) return this.tell(this.t("play.empty"), "todo");
              state.own.push({ drawing: pad.value, label });
              pad.clear();
              this.changed();
              const last = state.tries.at(-1) ?? { town: alone, village: alone };
              await this.fit(last.town, last.village);
              this.tell(this.t("play.taught", { n: state.own.length }), "good");
            }, { "data-key": "teach" }),
          ),
        ),
        out,
      ),
    );
  }

  private best(): Try | undefined {
    return [...this.state.tries].sort((a, b) => gap(a.recall) - gap(b.recall) || Math.min(b.recall.town, b.recall.village) - Math.min(a.recall.town, a.recall.village))[0];
  }

  protected summary(): Line[] {
    const { before, tries, own } = this.state;
    const best = this.best();
    const both = (r: Record<Style, number> | undefined) => (r ? this.t("keep.both", { town: this.percent(r.town), village: this.percent(r.village) }) : "–");
    return [
      [this.w("keep.before"), both(before?.recall)],
      [this.w("keep.after"), both(best?.recall)],
      [this.w("keep.mix"), best ? this.t("keep.taken", { town: best.town, village: best.village }) : "–"],
      [this.w("keep.tries"), String(tries.length)],
      [this.w("keep.own"), String(own.length)],
    ];
  }

  protected measures(): Record<string, number> {
    const before = this.state.before?.recall ?? { town: 0, village: 0 };
    const after = this.best()?.recall ?? before;
    return { recallTownBefore: before.town, recallVillageBefore: before.village, gapBefore: gap(before), recallTownAfter: after.town, recallVillageAfter: after.village, gapAfter: gap(after), tries: this.state.tries.length };
  }

  protected artefact() {
    const { guess, reason, tries, own } = this.state;
    return { guess, reason, tries, own, measures: this.measures() };
  }

  protected forOthers() {
    return { lines: this.summary(), drawings: this.state.own.map((o) => o.drawing) };
  }

  protected picture() {
    const best = this.best();
    return best ? this.recall(best.recall) : null;
  }
}

const gap = (r: Record<Style, number>) => Math.abs(r.town - r.village);

define("unfair", Unfair);

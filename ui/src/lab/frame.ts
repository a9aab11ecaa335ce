// The frame around every lab: steps, words, saving, questions, evidence. A lab extends Lab and defines its element; see docs/labs.md.
import "./frame.css";
import { dropWork, post, readWork, waiting, writeWork, type Work } from "./device";
import { button, h, s } from "./dom";
import { Outbox } from "./outbox";
import { letter } from "./statement";
import { Spoken } from "./spoken";

export { button, h, s, share } from "./dom";
export { Remote, answer } from "./remote";

// Step is one screen of a lab. Its strings are step.<key>, step.<key>.say and, where it can be unfinished, step.<key>.todo.
export interface Step {
  key: string;
  show(into: HTMLElement): void;
  done?(): boolean; // absent: looking at it is enough
}

// About is what lab.json says and the frame needs.
export interface About {
  competencies: Record<string, string[]>;
  checks: { key: string; right: string; choices: string[] }[];
}

// Line is one of the portfolio: what, and how much.
export type Line = [what: string | Node, value: string | Node];

interface Pack {
  lang: string;
  strings: Record<string, string>;
  other?: string[];
  worker?: string;
  icons: string;
  files?: Record<string, string>;
  voice?: Record<string, string>;
}

// nobody is whose work it is outside of a learner's lesson.
const nobody = "guest";

export abstract class Lab<S extends object> extends HTMLElement {
  // The lab's own part.
  protected abstract readonly name: string;
  protected abstract readonly about: About;
  protected abstract fresh(): S;
  protected abstract steps(): Step[];
  protected abstract summary(): Line[]; // what the portfolio shows
  protected abstract measures(): Record<string, number>; // the moment of insight, as figures
  protected abstract artefact(): unknown; // what was made; JSON, nothing that names anybody
  // forOthers is what others see of it, in the portfolio at the centre and on the wall of the group: lines, and drawings where there are any.
  protected forOthers(): { lines: Line[]; drawings?: number[][][] } {
    return { lines: this.summary() };
  }
  protected picture(): Element | null {
    return null;
  }
  protected begun(): void | Promise<void> {} // the pack is there, the state is read

  protected pack!: Pack;
  protected work!: Work<S>;
  private all: Step[] = [];
  private other = new Set<string>();
  private body = h("div", { class: "lab-body" });
  private live = h("p", { class: "lab-live", role: "status" });
  private saved = h("p", { class: "lab-saved small" });
  private head = h("div", { class: "lab-head" });
  private say = h("div", { class: "lab-say" });
  private foot = h("div", { class: "lab-foot" });
  private spoken!: Spoken;
  private outbox!: Outbox;
  private asked = false; // what is missing was said
  private timer = 0;
  private clock = 0;

  protected get state(): S {
    return this.work.state;
  }
  private get learner() {
    return this.dataset.learner ?? nobody;
  }

  async connectedCallback() {
    try {
      this.pack = await (await fetch(this.dataset.pack!)).json();
      this.other = new Set(this.pack.other);
      const old = await readWork<S>(this.learner, this.name).catch(() => undefined);
      this.work = old ?? this.empty();
      // A later version of the lab may keep more than this work has.
      this.work.state = { ...this.fresh(), ...this.work.state };
      this.spoken = new Spoken(this.name, this.pack.lang, this.pack.voice ?? {}, (key) => this.t(key));
      this.outbox = new Outbox(this.learner, this.dataset.token ?? "", () => void this.showKept(), this.dataset.send);
      await this.begun();
    } catch (e) {
      this.replaceChildren(h("p", { class: "notice notice-help", role: "alert" }, this.pack ? this.t("lab.broken") : this.textContent!));
      console.error(e);
      return;
    }
    this.all = [...this.steps(), { key: "check", show: (into) => this.ask(into), done: () => this.about.checks.every((c) => this.work.answers[c.key]?.at(-1) === c.right) }, { key: "keep", show: (into) => this.keep(into), done: () => this.work.kept !== "" }];
    this.replaceChildren(h("div", { class: "lab" }, this.head, h("section", { class: "lab-step", "aria-labelledby": "lab-title" }, this.say, this.body, this.live, this.foot), this.saved));
    this.show(Math.min(this.work.step, this.all.length - 1), false);
    this.clock = window.setInterval(() => document.hidden || this.work.spent++, 1000);
    addEventListener("pagehide", this.flush);
    document.addEventListener("visibilitychange", this.flush);
    this.outbox.start();
    this.dataset.ready = "";
    performance.mark("lab-ready");
  }

  disconnectedCallback() {
    clearInterval(this.clock);
    removeEventListener("pagehide", this.flush);
    document.removeEventListener("visibilitychange", this.flush);
    this.outbox?.stop();
  }

  private empty(): Work<S> {
    return { learner: this.learner, lab: this.name, state: this.fresh(), step: 0, done: [], answers: {}, spent: 0, kept: "" };
  }

  // t is a string in the page's language, with what stands in braces filled in.
  t(key: string, values: Record<string, string | number> = {}): string {
    const text = this.pack.strings[key];
    if (text === undefined) throw new Error(`the lab ${this.name} has no string ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
  }

  // w is the same as an element that says so where it stands in French for want of the page's language.
  w(key: string, values: Record<string, string | number> = {}): Node {
    const text = this.t(key, values);
    return this.other.has(key) ? h("span", { lang: "fr", dir: "ltr" }, text) : document.createTextNode(text);
  }

  percent(part: number): string {
    return this.t("lab.percent", { n: Math.round(part * 100) });
  }

  icon(name: string, turns = false): SVGElement {
    return s("svg", { class: turns ? "icon icon-turns" : "icon", "aria-hidden": "true" }, s("use", { href: `${this.pack.icons}#${name}` }));
  }

  // tell says a result, to eyes and to readers.
  protected tell(text: string, kind: "" | "good" | "todo" = "") {
    this.asked = false;
    this.live.className = `lab-live ${kind && `lab-live-${kind}`}`;
    this.live.textContent = text;
  }

  // changed is called after every change of the state: it is saved, and what follows from it shown.
  protected changed() {
    this.note();
    if (this.asked && this.work.done.includes(this.all[this.work.step]!.key)) this.tell("");
    this.steer();
    clearTimeout(this.timer);
    this.saved.textContent = this.t("lab.saving");
    this.saved.dataset.state = "saving";
    this.timer = window.setTimeout(this.flush, 200);
  }

  // redraw shows the present step anew, for changes that are more than a figure.
  protected redraw() {
    const focus = document.activeElement?.getAttribute("data-key");
    this.body.replaceChildren();
    this.all[this.work.step]!.show(this.body);
    if (focus) this.body.querySelector<HTMLElement>(`[data-key="${CSS.escape(focus)}"]`)?.focus();
  }

  private readonly flush = async () => {
    clearTimeout(this.timer);
    try {
      await writeWork(this.work);
      this.saved.textContent = this.t("lab.saved");
      this.saved.dataset.state = "saved";
    } catch {
      this.saved.textContent = this.t("lab.unsaved");
      this.saved.dataset.state = "failed";
    }
  };

  private note() {
    const step = this.all[this.work.step]!;
    const done = step.done?.() ?? true;
    const i = this.work.done.indexOf(step.key);
    if (done && i < 0) this.work.done.push(step.key);
    if (!done && i >= 0) this.work.done.splice(i, 1);
  }

  private show(step: number, moved = true) {
    this.work.step = step;
    const { key } = this.all[step]!;
    const title = h("h2", { id: "lab-title", tabindex: -1 }, this.w(`step.${key}`));
    this.say.replaceChildren(title, h("p", {}, this.w(`step.${key}.say`)));
    void this.spoken.show(key, this.say, this.icon.bind(this));
    this.tell("");
    this.body.replaceChildren();
    this.all[step]!.show(this.body);
    this.changed();
    if (moved) {
      title.focus({ preventScroll: true });
      this.scrollIntoView({ block: "start" });
    }
  }

  // steer draws what shows the way: dots, back, on.
  private steer() {
    const at = this.work.step;
    const open = this.head.querySelector("details")?.open ?? false;
    const done = (i: number) => this.work.done.includes(this.all[i]!.key);
    const reach = this.all.findIndex((_, i) => !done(i));
    const may = (i: number) => reach < 0 || i <= reach;
    const dots = h("span", { class: "lab-dots", "aria-hidden": "true" }, ...this.all.map((_, i) => h("span", { class: i === at ? "lab-dot lab-dot-here" : done(i) ? "lab-dot lab-dot-done" : "lab-dot" })));
    const focus = document.activeElement?.getAttribute("data-key");
    this.head.replaceChildren(
      h(
        "details",
        { class: "lab-steps", open },
        h("summary", { "data-key": "lab-steps" }, h("span", {}, this.w("lab.step", { n: at + 1, total: this.all.length })), dots),
        h("ol", {}, ...this.all.map((step, i) => h("li", {}, button(h("span", {}, this.w(`step.${step.key}`)), () => this.go(i), { class: "lab-goto", "aria-current": i === at && "step", disabled: !may(i) }), done(i) ? this.icon("check") : null, done(i) ? h("span", { class: "sr" }, this.w("lab.done")) : null))),
        h("div", { class: "lab-more" }, "voice" in this.dataset ? this.spoken.recorder(this.all[at]!.key) : null, button(this.w("lab.reset"), () => this.reset(), { class: "btn btn-danger" })),
      ),
    );
    const last = at === this.all.length - 1;
    this.foot.replaceChildren(
      at > 0 ? button(h("span", {}, this.icon("arrow-back", true), " ", this.w("lab.back")), () => this.go(at - 1), { "data-key": "lab-back" }) : "",
      last ? "" : button(h("span", {}, this.w("lab.next"), " ", this.icon("arrow", true)), () => this.next(), { class: done(at) ? "btn btn-main" : "btn", "data-key": "lab-next" }),
    );
    if (focus) this.querySelector<HTMLElement>(`:is(.lab-foot, summary)[data-key="${focus}"], .lab-foot [data-key="${focus}"]`)?.focus({ preventScroll: true });
  }

  private next() {
    const at = this.work.step;
    this.note();
    if (this.work.done.includes(this.all[at]!.key)) this.go(at + 1);
    else {
      this.tell(this.t(`step.${this.all[at]!.key}.todo`), "todo");
      this.asked = true;
    }
  }

  private go(step: number) {
    this.head.querySelector("details")!.open = false;
    this.show(step);
  }

  private reset() {
    const sure = h(
      "dialog",
      { class: "lab-dialog", "aria-labelledby": "lab-sure" },
      h("h2", { id: "lab-sure" }, this.w("lab.reset")),
      h("p", {}, this.w("lab.reset.sure")),
      h(
        "div",
        { class: "btns" },
        button(this.w("lab.reset.no"), () => sure.close(), { class: "btn btn-main" }),
        button(this.w("lab.reset.yes"), async () => {
          sure.close();
          await dropWork(this.learner, this.name).catch(() => {});
          this.work = this.empty();
          this.head.querySelector("details")!.open = false;
          await this.begun();
          this.show(0);
        }, { class: "btn btn-danger" }),
      ),
    );
    sure.addEventListener("close", () => sure.remove());
    this.append(sure);
    sure.showModal();
  }

  // ask shows the questions. A wrong answer says why and may be mended; the first answers are the score.
  private ask(into: HTMLElement) {
    for (const [i, c] of this.about.checks.entries()) {
      const why = h("output", { class: "lab-why" });
      const judge = (choice: string) => {
        why.className = choice === c.right ? "lab-why lab-why-right" : "lab-why lab-why-wrong";
        why.replaceChildren(this.icon(choice === c.right ? "check" : "help"), h("span", {}, this.w(choice === c.right ? "lab.right" : "lab.wrong"), " ", this.w(`${c.key}.why`)));
      };
      const given = this.work.answers[c.key]?.at(-1);
      if (given) judge(given);
      into.append(
        h(
          "fieldset",
          { class: "lab-check" },
          h("legend", {}, `${i + 1}. `, this.w(c.key)),
          ...c.choices.map((choice) =>
            h(
              "label",
              { class: "lab-choice" },
              h("input", {
                type: "radio",
                name: c.key,
                value: choice,
                checked: choice === given,
                onchange: () => {
                  (this.work.answers[c.key] ??= []).push(choice);
                  judge(choice);
                  this.changed();
                },
              }),
              h("span", {}, this.w(`${c.key}.${choice}`)),
            ),
          ),
          why,
        ),
      );
    }
  }

  private right(): number {
    return this.about.checks.filter((c) => this.work.answers[c.key]?.[0] === c.right).length;
  }

  private card(): HTMLElement {
    const picture = this.picture();
    return h(
      "div",
      { class: "lab-card" },
      picture && h("div", { class: "lab-picture" }, picture),
      h("dl", { class: "lab-lines" }, ...([...this.summary(), [this.w("lab.score"), this.t("lab.of", { n: this.right(), total: this.about.checks.length })]] as Line[]).map(([what, value]) => h("div", {}, h("dt", {}, what), h("dd", {}, value)))),
    );
  }

  // keep shows what goes into the portfolio, and keeps it.
  private keep(into: HTMLElement) {
    const own = h("textarea", { class: "input", id: "lab-own", rows: 3, maxlength: 600, dir: "auto", oninput: () => ((this.work.answers.own = [own.value]), this.changed()) });
    own.value = this.work.answers.own?.[0] ?? "";
    into.append(
      this.card(),
      h("div", { class: "field" }, h("label", { for: "lab-own" }, this.w("lab.own")), own),
      h("div", { class: "btns" }, button(h("span", {}, this.icon("done"), " ", this.w("lab.keep")), () => void this.kept(), { class: "btn btn-main", "data-key": "lab-keep" }), button(this.w("lab.large"), () => this.large(), { "data-key": "lab-large" })),
      h("div", { class: "lab-out", role: "status" }),
    );
    void this.showKept();
  }

  private async kept() {
    const l = letter({
      learner: this.learner,
      lab: this.name,
      lang: this.pack.lang,
      title: this.t("title"),
      seconds: this.work.spent,
      right: this.right(),
      questions: this.about.checks.length,
      measures: this.measures(),
      competencies: this.about.competencies,
      artefact: { lab: this.name, answers: this.work.answers, ...(this.artefact() as object), shown: this.plain() },
      home: location.origin,
      at: new Date(),
      within: this.dataset.at ?? "",
      revision: this.dataset.revision ?? "",
    });
    try {
      await post(l);
    } catch {
      this.tell(this.t("lab.unsaved"), "todo");
      return;
    }
    this.work.kept = l.id;
    this.changed();
    await this.showKept();
    this.dispatchEvent(new CustomEvent("tz-kept"));
    void this.outbox.send();
  }

  // plain is what others see as text, in the learner's language.
  private plain() {
    const { lines, drawings = [] } = this.forOthers();
    const text = (what: string | Node) => (typeof what === "string" ? what : what.textContent!);
    return { lines: lines.map(([what, value]) => [text(what), text(value)]), drawings: drawings.slice(0, 12) };
  }

  // showKept says what is on this device only, and what the centre has acknowledged, which the group may be shown.
  private async showKept() {
    const out = this.body.querySelector(".lab-out");
    if (!out || !this.work.kept) return;
    const letters = await waiting(this.learner).catch(() => null);
    if (!letters) return; // it cannot be read, so nothing is claimed
    const mine = letters.find((l) => l.id === this.work.kept);
    const key = !mine ? "lab.sent" : mine.refused ? "lab.refused" : this.dataset.token || this.dataset.send ? "lab.waits" : "lab.here";
    out.replaceChildren(h("p", { class: mine?.refused ? "notice notice-help" : "notice notice-good" }, this.icon(mine?.refused ? "warning" : "done"), h("span", {}, this.w(key), " ", letters.length > 1 ? this.w("lab.waiting", { n: letters.length }) : "")), key === "lab.sent" && this.dataset.show ? this.group() : "");
  }

  // large fills the screen with the result, for those who stand around it.
  private large() {
    const d = h("dialog", { class: "lab-dialog lab-large", "aria-labelledby": "lab-large" }, h("h2", { id: "lab-large" }, this.w("title")), this.card(), button(this.w("lab.close"), () => d.close(), { class: "btn" }));
    d.addEventListener("close", () => d.remove());
    this.append(d);
    d.showModal();
  }

  // group hangs what the centre has on the wall of the group; the page names the wall where the trainer allows it.
  private group(): HTMLElement {
    return h("form", { method: "post", action: `${this.dataset.show}/${this.work.kept}/wall` }, h("button", { class: "btn", name: "do", value: "hang", "data-key": "lab-group" }, h("span", {}, this.icon("people"), " ", this.w("lab.group"))));
  }
}

// define makes the element of a lab: <tz-lab-drawing> and so on.
export function define(name: string, lab: CustomElementConstructor) {
  customElements.define(`tz-lab-${name}`, lab);
}

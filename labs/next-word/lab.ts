// Lab 4, the next-word machine: counting which word follows which is enough to write, to invent "facts", and to be unfair to languages.
import "./lab.css";
import { button, define, h, Lab, Remote, share, type Line, type Step } from "lab/frame";
import { dice } from "../drawing/hand";
import { beginnings, corpora, same, type Tongue } from "./corpus";
import about from "./lab.json";
import { claims, draw, end, next, read, words, write, type Claim, type Model } from "./ngram";
import type { Piece } from "./tokens";

interface State {
  guesses: { before: string; word: string; n: number }[]; // the learner's own next words, and how often the text has them
  trained: boolean;
  memory: number; // words that the machine looks back at
  written: string[];
  claims: Claim[];
  verdicts: Record<string, string>; // of claims: yes, no, check
  tokens: Partial<Record<Tongue, number>>;
  own: string[]; // sentences that the learner taught it
}

const tongues: Tongue[] = ["fr", "ar", "zgh", "en"];
const last = (text: string) => words(text).at(-1)!;
const right = (lang: string) => (lang === "ar" ? "rtl" : "ltr");

class NextWord extends Lab<State> {
  protected readonly name = "next-word";
  protected readonly about = about;
  private remote!: Remote;
  private loaded!: Promise<boolean>;

  protected fresh(): State {
    return { guesses: [], trained: false, memory: 1, written: [], claims: [], verdicts: {}, tokens: {}, own: [] };
  }

  protected begun() {
    this.remote?.stop();
    this.remote = new Remote(this.pack.worker!);
    // The vocabulary is read while the first steps are done; the lab does not wait for it.
    this.loaded = this.remote.ask<boolean>("load", this.pack.files!["vocabulary.js"]);
    this.loaded.then(
      () => (this.dataset.loaded = ""),
      () => {}, // the step that needs it says so
    );
  }

  protected steps(): Step[] {
    return [
      { key: "guess", show: (into) => this.guess(into), done: () => this.state.guesses.length >= beginnings[this.tongue].length },
      { key: "count", show: (into) => this.count(into), done: () => this.state.trained },
      { key: "write", show: (into) => this.write(into), done: () => this.state.written.length >= 3 },
      { key: "claims", show: (into) => this.claims(into), done: () => this.state.claims.length > 0 && this.state.claims.every((c) => this.state.verdicts[c.text]) },
      { key: "tokens", show: (into) => this.tokens(into), done: () => tongues.every((t) => this.state.tokens[t]) },
      { key: "play", show: (into) => this.play(into) },
    ];
  }

  private get tongue(): Tongue {
    return this.pack.lang as Tongue;
  }
  private get text(): string[] {
    return [...corpora[this.tongue], ...this.state.own];
  }

  private model(memory = this.state.memory): Model {
    return read(this.text, memory);
  }

  // sentence is one as it is written, with its first letter and its stop.
  private sentence(text: string): HTMLElement {
    return h("bdi", { class: "next-sentence" }, text.charAt(0).toLocaleUpperCase() + text.slice(1) + ".");
  }

  private guess(into: HTMLElement) {
    const { state } = this;
    const m = this.model(1);
    const list = beginnings[this.tongue];
    const at = state.guesses.length;
    into.append(h("details", { class: "next-text" }, h("summary", { "data-key": "text" }, this.w("guess.text", { n: corpora[this.tongue].length })), h("ul", {}, ...corpora[this.tongue].map((s) => h("li", {}, this.sentence(s))))));
    for (const g of state.guesses) into.append(h("p", { class: "next-line" }, h("bdi", {}, `${g.before} `, h("b", {}, g.word)), " ", h("span", { class: "muted" }, this.w("guess.found", { last: last(g.before), word: g.word, n: g.n }))));
    const before = list[at];
    if (before === undefined) {
      into.append(h("p", { class: "notice notice-good" }, this.icon("done"), h("span", {}, this.w("guess.over"))));
      return;
    }
    const choices = next(m, words(before)).slice(0, 5);
    into.append(
      h("p", { class: "next-line next-open" }, h("bdi", {}, `${before} …`)),
      h("div", { class: "btns" }, ...choices.map((c) => button(h("bdi", {}, c.word || "."), () => {
        state.guesses.push({ before, word: c.word, n: c.n });
        this.changed();
        this.redraw();
        this.tell(this.t("guess.said", { last: last(before), word: c.word, n: c.n }), "good");
      }, { "data-key": `word-${c.word}` }))),
    );
  }

  // follows are the words after one, with their counts.
  private follows(m: Model, before: string[]): HTMLElement {
    return h("ul", { class: "lab-bars" }, ...next(m, before).slice(0, 7).map((f, i) => share(f.word === end ? this.w("count.end") : h("bdi", {}, f.word), f.part, this.t("count.times", { n: f.n }), i === 0)));
  }

  private count(into: HTMLElement) {
    const { state } = this;
    const out = h("div", { class: "stack" });
    const show = () => {
      if (!state.trained) return;
      const m = this.model(1);
      const often = [...m.after].filter(([key, f]) => key !== "" && f.size >= 2).sort((a, b) => b[1].size - a[1].size).slice(0, 10).map(([key]) => key);
      const after = h("div", { class: "next-card" });
      const look = (word: string) => after.replaceChildren(h("h3", {}, this.w("count.after"), " ", h("bdi", {}, word)), this.follows(m, [word]));
      look(often[0]!);
      out.replaceChildren(
        h("p", {}, this.w("count.done", { words: new Set(this.text.flatMap(words)).size, pairs: m.pairs })),
        h("p", {}, this.w("count.touch")),
        h("div", { class: "btns" }, ...often.map((word) => button(h("bdi", {}, word), () => {
          look(word);
          this.tell(this.t("count.look", { word, n: next(m, [word]).length }));
        }, { "data-key": `after-${word}` }))),
        after,
      );
    };
    show();
    into.append(h("div", { class: "btns" }, button(h("span", {}, this.icon("school"), " ", this.w("count.do")), () => {
      state.trained = true;
      this.changed();
      show();
      this.tell(this.t("count.told", { n: this.text.length }), "good");
    }, { class: "btn btn-add", "data-key": "count" })), out);
  }

  private memoryChoice(changed: () => void): HTMLElement {
    const { state } = this;
    return h(
      "fieldset",
      { class: "lab-row" },
      h("legend", {}, this.w("write.memory")),
      ...[1, 2, 3].map((n) => h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: "memory", checked: state.memory === n, onchange: () => ((state.memory = n), this.changed(), changed()) }), h("span", {}, this.w(`write.memory.${n}`)))),
    );
  }

  // write builds a sentence, a word at a time or all at once.
  private write(into: HTMLElement) {
    const { state } = this;
    let now: string[] = [];
    const line = h("p", { class: "next-line next-open", role: "status" });
    const bars = h("div", { class: "next-card" });
    const done = h("ul", { class: "next-done" });
    const show = () => {
      line.replaceChildren(h("bdi", {}, now.length ? `${now.join(" ")} …` : "…"));
      bars.replaceChildren(h("h3", {}, this.w("write.may")), this.follows(this.model(), now));
      done.replaceChildren(...state.written.slice(-5).map((s) => h("li", {}, this.sentence(s))));
    };
    const over = () => {
      state.written.push(now.join(" "));
      this.tell(this.t(this.text.includes(now.join(" ")) ? "write.copied" : "write.made"), "good");
      now = [];
      this.changed();
      show();
    };
    show();
    into.append(
      this.memoryChoice(() => ((now = []), show())),
      line,
      h(
        "div",
        { class: "btns" },
        button(this.w("write.next"), () => {
          const word = draw(next(this.model(), now), Math.random());
          if (word === end && now.length) return over();
          if (word !== end) now.push(word);
          show();
        }, { class: "btn btn-add", "data-key": "next" }),
        button(this.w("write.all"), () => {
          now = write(this.model(), now, Math.random);
          over();
        }, { "data-key": "all" }),
      ),
      h("div", { class: "lab-two" }, bars, h("section", { class: "next-card" }, h("h3", {}, this.w("write.written")), done)),
    );
  }

  private claims(into: HTMLElement) {
    const { state } = this;
    if (state.claims.length === 0) {
      const from = claims(read(corpora[this.tongue], 1), dice(Math.floor(Math.random() * 2 ** 31)));
      state.claims = from;
    }
    for (const [i, c] of state.claims.entries()) {
      const out = h("div", { class: "next-source", role: "status" });
      const judge = () => {
        if (!state.verdicts[c.text]) return;
        const parts = c.copied ? [h("p", {}, h("b", {}, this.w("claims.copied")))] : [h("p", {}, h("b", {}, this.w("claims.invented"))), h("p", {}, this.w("claims.begins"), " ", this.sentence(c.begins)), h("p", {}, this.w("claims.ends"), " ", this.sentence(c.ends))];
        out.replaceChildren(...parts);
      };
      judge();
      into.append(
        h(
          "fieldset",
          { class: "lab-check" },
          h("legend", {}, `${i + 1}. `, this.sentence(c.text)),
          h("div", { class: "lab-row" }, ...["yes", "no", "check"].map((v) => h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: `claim-${i}`, checked: state.verdicts[c.text] === v, onchange: () => ((state.verdicts[c.text] = v), judge(), this.changed()) }), h("span", {}, this.w(`claims.${v}`))))),
          out,
        ),
      );
    }
    into.append(h("p", {}, this.w("claims.how")));
  }

  private pieces(all: Piece[], lang: string): HTMLElement {
    return h("p", { class: "next-pieces", lang, dir: right(lang), "aria-hidden": "true" }, ...all.map((p) => h("span", { class: p.whole ? "next-piece" : "next-piece next-part" }, p.whole ? p.text : "▪")));
  }

  private async cut(text: string): Promise<Piece[]> {
    await this.loaded;
    return this.remote.ask<Piece[]>("cut", text);
  }

  private tokens(into: HTMLElement) {
    const { state } = this;
    const out = h("div", { class: "stack" });
    into.append(
      h("dl", { class: "next-same" }, ...tongues.map((t) => h("div", {}, h("dt", {}, this.w(`tongue.${t}`)), h("dd", { lang: t, dir: right(t) }, same[t])))),
      h("div", { class: "btns" }, button(h("span", {}, this.icon("filter"), " ", this.w("tokens.cut")), async () => {
        this.tell(this.t("tokens.busy"));
        try {
          const cuts = await Promise.all(tongues.map((t) => this.cut(same[t])));
          for (const [i, t] of tongues.entries()) state.tokens[t] = cuts[i]!.length;
          this.changed();
          const most = Math.max(...cuts.map((c) => c.length));
          out.replaceChildren(
            h("ul", { class: "lab-bars" }, ...tongues.map((t, i) => share(this.w(`tongue.${t}`), cuts[i]!.length / most, String(cuts[i]!.length), cuts[i]!.length === most))),
            ...tongues.map((t, i) => h("section", { class: "next-card" }, h("h3", {}, this.w(`tongue.${t}`)), this.pieces(cuts[i]!, t))),
            h("p", {}, this.w("tokens.part")),
          );
          this.tell(this.t("tokens.done", { zgh: state.tokens.zgh!, en: state.tokens.en!, times: Math.round(state.tokens.zgh! / state.tokens.en!) }), "good");
        } catch {
          this.tell(this.t("tokens.none"), "todo");
        }
      }, { class: "btn btn-add", "data-key": "cut" })),
      out,
    );
  }

  private play(into: HTMLElement) {
    const { state } = this;
    const written = h("p", { class: "next-line", role: "status" });
    const teach = h("input", { class: "input", id: "next-teach", dir: "auto", maxlength: 120, autocomplete: "off" });
    const own = h("ul", { class: "next-done" });
    const show = () => own.replaceChildren(...state.own.map((s) => h("li", {}, this.sentence(s))));
    const text = h("textarea", { class: "input", id: "next-cut", rows: 2, dir: "auto", maxlength: 400 });
    const out = h("div", { class: "stack" });
    show();
    into.append(
      h(
        "section",
        { class: "next-card" },
        h("h3", {}, this.w("play.teach.title")),
        h(
          "form",
          {
            class: "next-form",
            onsubmit: (e: Event) => {
              e.preventDefault();
              const s = words(teach.value.replace(/[.!?؟]+\s*$/, "")).join(" ");
              if (words(s).length < 2) return this.tell(this.t("play.teach.short"), "todo");
              state.own.push(s);
              teach.value = "";
              this.changed();
              show();
              this.tell(this.t("play.taught", { n: state.own.length }), "good");
            },
          },
          h("label", { for: "next-teach" }, this.w("play.teach")),
          teach,
          h("button", { class: "btn" }, this.w("play.teach.do")),
        ),
        own,
        this.memoryChoice(() => {}),
        h("div", { class: "btns" }, button(this.w("write.all"), () => written.replaceChildren(this.sentence(write(this.model(), [], Math.random).join(" "))), { class: "btn btn-add", "data-key": "all" })),
        written,
      ),
      h(
        "section",
        { class: "next-card" },
        h("h3", {}, this.w("play.cut.title")),
        h("label", { for: "next-cut" }, this.w("play.cut")),
        text,
        h("div", { class: "btns" }, button(this.w("play.cut.do"), async () => {
          if (!text.value.trim()) return this.tell(this.t("play.cut.empty"), "todo");
          try {
            const all = await this.cut(text.value);
            out.replaceChildren(this.pieces(all, this.pack.lang));
            this.tell(this.t("play.cut.done", { n: all.length }), "good");
          } catch {
            this.tell(this.t("tokens.none"), "todo");
          }
        }, { class: "btn btn-add", "data-key": "cut" })),
        out,
      ),
    );
  }

  protected summary(): Line[] {
    const { state } = this;
    const lines: Line[] = [
      [this.w("keep.written"), state.written.length ? this.sentence(state.written.at(-1)!) : "–"],
      [this.w("keep.claims"), this.t("lab.of", { n: Object.keys(state.verdicts).length, total: state.claims.length })],
      [this.w("keep.invented"), String(state.claims.filter((c) => !c.copied).length)],
    ];
    for (const t of tongues) lines.push([h("span", {}, this.w("keep.tokens"), " ", this.w(`tongue.${t}`)), String(state.tokens[t] ?? "–")]);
    return lines;
  }

  protected measures(): Record<string, number> {
    const { state } = this;
    const invented = state.claims.filter((c) => !c.copied);
    return {
      claims: state.claims.length,
      claimsChecked: state.claims.filter((c) => state.verdicts[c.text]).length,
      claimsInvented: invented.length,
      inventedBelieved: invented.filter((c) => state.verdicts[c.text] === "yes").length,
      tokensFr: state.tokens.fr ?? 0,
      tokensAr: state.tokens.ar ?? 0,
      tokensZgh: state.tokens.zgh ?? 0,
      tokensEn: state.tokens.en ?? 0,
    };
  }

  protected artefact() {
    const { guesses, memory, written, claims, verdicts, tokens, own } = this.state;
    return { guesses, memory, written, claims, verdicts, tokens, own, measures: this.measures() };
  }
}
define("next-word", NextWord);

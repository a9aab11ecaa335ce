// Lab 3, my feed: a learner scrolls a feed that follows, sees the profile it has built, and takes it back.
import "./lab.css";
import { button, define, h, Lab, share, type Line, type Step } from "lab/frame";
import { blank, diversity, learn, long, round, shares, topics, type Act, type Post, type Profile } from "./feed";
import about from "./lab.json";
import { picture } from "./pictures";

interface State {
  profile: Profile;
  posts: Post[]; // of the present round
  at: number; // the post in it
  rounds: number[]; // how mixed each finished or begun round was
  acts: Record<Act, number>;
  belief: string; // whether the learner finds the profile right: yes, partly, no
  narrow: Profile | null; // the profile before it was erased
  after: number; // how mixed the feed is after that; -1: not erased
  unfollowed: number; // how mixed it is with following switched off; -1: not tried
  strength: number;
  surprise: number;
}

const acts: Act[] = ["like", "watch", "skip"];
const rounds = 4; // at least: the first to meet the feed, the rest to scroll
const gap = 0.15; // by so much it must have become less mixed, or there is nothing to see

class Feed extends Lab<State> {
  protected readonly name = "feed";
  protected readonly about = about;

  protected fresh(): State {
    const posts = round(shares(blank()), 0);
    return { profile: blank(), posts, at: 0, rounds: [diversity(posts)], acts: { like: 0, watch: 0, skip: 0 }, belief: "", narrow: null, after: -1, unfollowed: -1, strength: 1.5, surprise: 0.16 };
  }

  protected steps(): Step[] {
    return [
      { key: "meet", show: (into) => this.feed(into, 1), done: () => this.state.rounds.length > 1 },
      { key: "scroll", show: (into) => this.feed(into, rounds), done: () => this.finished() },
      { key: "profile", show: (into) => this.profile(into), done: () => this.state.belief !== "" },
      { key: "back", show: (into) => this.back(into), done: () => this.state.after >= 0 && this.state.unfollowed >= 0 },
      { key: "play", show: (into) => this.play(into) },
    ];
  }

  private finished(): boolean {
    return this.state.rounds.length > rounds && this.fell();
  }

  private fell(): boolean {
    return this.state.rounds[0]! - this.fallen() >= gap;
  }

  // seen are the rounds of which the learner has done something with a post.
  private seen(): number[] {
    const { rounds, at } = this.state;
    return at === 0 && rounds.length > 1 ? rounds.slice(0, -1) : rounds;
  }

  private text(p: Post): Node {
    return this.w(`post.${p.topic}.${p.n}`);
  }

  private topic(t: string): Node {
    return this.w(`topic.${t}`);
  }

  // feed shows one post after the other, until the given round is over, and the last not before the feed has become less mixed.
  private feed(into: HTMLElement, until: number) {
    const { state } = this;
    if (until < rounds ? state.rounds.length > until : this.finished()) {
      into.append(h("p", { class: "notice notice-good" }, this.icon("done"), h("span", {}, this.w("scroll.over"))), this.mixed());
      return;
    }
    if (state.rounds.length > rounds) into.append(h("p", { class: "notice notice-wait" }, this.icon("info"), h("span", {}, this.w("scroll.flat"))));
    const post = state.posts[state.at]!;
    into.append(
      h("p", { class: "muted" }, this.w("scroll.count", { round: state.rounds.length, n: state.at + 1, total: long })),
      h(
        "article",
        { class: "feed-post", "aria-live": "polite" },
        picture(post),
        h("div", { class: "feed-words" }, h("p", { class: "feed-topic" }, this.topic(post.topic)), h("p", {}, this.text(post))),
      ),
      h("div", { class: "feed-acts" }, ...acts.map((act) => button(h("span", {}, this.icon({ like: "face-yes", watch: "clock", skip: "close" }[act]), " ", this.w(`act.${act}`)), () => this.did(act), { "data-key": act }))),
    );
    if (state.rounds.length > 1) into.append(this.mixed());
  }

  private did(act: Act) {
    const { state } = this;
    state.profile = learn(state.profile, state.posts[state.at]!.topic, act);
    state.acts[act]++;
    state.at++;
    if (state.at === state.posts.length) {
      state.at = 0;
      state.posts = round(shares(state.profile), state.rounds.length * long);
      state.rounds.push(diversity(state.posts));
    }
    this.changed();
    this.redraw();
    if (state.at === 0) this.tell(this.t("scroll.new", { n: this.kinds(state.posts), total: topics.length }), "good");
    else this.tell("");
  }

  private kinds(posts: Post[]): number {
    return new Set(posts.map((p) => p.topic)).size;
  }

  // mixed are the rounds so far, and how mixed each was.
  private mixed(): HTMLElement {
    const { state } = this;
    const lines = this.seen().map((d, i, all) => share(this.w("mixed.round", { n: i + 1 }), d, this.percent(d), i === all.length - 1));
    if (state.after >= 0) lines.push(share(this.w("mixed.after"), state.after, this.percent(state.after), true));
    return h("section", { class: "feed-mixed" }, h("h3", {}, this.w("mixed.title")), h("ul", { class: "lab-bars" }, ...lines));
  }

  private bars(p: Profile): HTMLElement {
    const parts = shares(p, 0.5, 0); // softer than the feed follows it, so that what is left of the rest is seen
    const order = topics.map((t, i) => [t, parts[i]!] as const).sort((a, b) => b[1] - a[1]);
    return h("ul", { class: "lab-bars" }, ...order.map(([t, part], i) => share(this.topic(t), part, this.percent(part), i === 0)));
  }

  private profile(into: HTMLElement) {
    const { state } = this;
    const p = state.narrow ?? state.profile;
    into.append(
      h(
        "div",
        { class: "lab-two" },
        h("section", { class: "feed-card" }, h("h3", {}, this.w("profile.believes")), this.bars(p)),
        h(
          "section",
          { class: "feed-card" },
          h("h3", {}, this.w("profile.counted")),
          h("dl", { class: "lab-lines" }, ...acts.map((act) => h("div", {}, h("dt", {}, this.w(`act.${act}`)), h("dd", {}, String(state.acts[act]))))),
          h("p", {}, this.w("profile.nobody")),
        ),
      ),
      this.mixed(),
      h(
        "fieldset",
        { class: "lab-row" },
        h("legend", {}, this.w("profile.right")),
        ...["yes", "partly", "no"].map((b) => h("label", { class: "lab-choice lab-choice-s" }, h("input", { type: "radio", name: "belief", checked: state.belief === b, onchange: () => ((state.belief = b), this.changed()) }), h("span", {}, this.w(`profile.${b}`)))),
      ),
    );
  }

  private wall(posts: Post[]): HTMLElement {
    return h("ul", { class: "feed-wall" }, ...posts.map((p) => h("li", {}, picture(p), h("span", {}, this.topic(p.topic)))));
  }

  private back(into: HTMLElement) {
    const { state } = this;
    const out = h("div", { class: "stack" });
    const p = state.narrow ?? state.profile;
    const show = (posts: Post[]) => out.replaceChildren(this.wall(posts), this.mixed());
    const say = (posts: Post[]) => this.tell(this.t("back.now", { n: this.kinds(posts), total: topics.length, mixed: this.percent(diversity(posts)) }), "good");
    show(round(shares(state.after >= 0 ? state.profile : p), 0));
    into.append(
      h(
        "div",
        { class: "btns" },
        button(h("span", {}, this.icon("link-off"), " ", this.w("back.off")), () => {
          const posts = round(shares(p, 0), 0);
          state.unfollowed = diversity(posts);
          this.changed();
          show(posts);
          say(posts);
        }, { "data-key": "off" }),
        button(h("span", {}, this.icon("trash"), " ", this.w("back.erase")), () => {
          state.narrow ??= state.profile;
          state.profile = blank();
          const posts = round(shares(state.profile), 0);
          state.after = diversity(posts);
          this.changed();
          show(posts);
          say(posts);
        }, { "data-key": "erase" }),
      ),
      out,
    );
  }

  // play lets the learner be the one who sets the machine.
  private play(into: HTMLElement) {
    const { state } = this;
    const out = h("div", { class: "stack" });
    const p = state.narrow ?? state.profile;
    const show = () => {
      const posts = round(shares(p, state.strength, state.surprise), 0);
      out.replaceChildren(h("ul", { class: "lab-bars" }, share(this.w("mixed.title"), diversity(posts), this.percent(diversity(posts)), true)), this.wall(posts));
    };
    const slider = (key: "strength" | "surprise", max: number) => {
      const figure = h("output", {}, this.percent(state[key] / max));
      return h(
        "div",
        { class: "feed-slider" },
        h("label", { for: `feed-${key}` }, this.w(`play.${key}`)),
        h("input", {
          type: "range",
          id: `feed-${key}`,
          min: 0,
          max,
          step: max / 20,
          value: state[key],
          oninput: (e: Event) => {
            state[key] = Number((e.target as HTMLInputElement).value);
            figure.textContent = this.percent(state[key] / max);
            this.changed();
            show();
          },
        }),
        figure,
      );
    };
    show();
    into.append(slider("strength", 3), slider("surprise", 1), out, h("p", {}, this.w("play.ask")));
  }

  private fallen(): number {
    return Math.min(...this.seen());
  }

  protected summary(): Line[] {
    const { state } = this;
    const p = state.narrow ?? state.profile;
    const top = topics.reduce((a, b) => (p[b] > p[a] ? b : a));
    return [
      [this.w("keep.first"), this.percent(state.rounds[0]!)],
      [this.w("keep.fallen"), this.percent(this.fallen())],
      [this.w("keep.after"), this.percent(Math.max(0, state.after))],
      [this.w("keep.top"), this.topic(top)],
      [this.w("keep.right"), state.belief ? this.w(`profile.${state.belief}`) : "–"],
    ];
  }

  protected measures(): Record<string, number> {
    const { state } = this;
    return { diversityFirst: state.rounds[0]!, diversityFallen: this.fallen(), diversityAfterReset: state.after, diversityUnfollowed: state.unfollowed, likes: state.acts.like, watched: state.acts.watch, skipped: state.acts.skip };
  }

  // What somebody likes is nobody's business: the artefact has how mixed the feed was, and not of what.
  protected artefact() {
    const { after, acts, belief, strength, surprise } = this.state;
    return { rounds: this.seen(), after, acts, belief, strength, surprise, measures: this.measures() };
  }

  protected forOthers() {
    return { lines: this.summary().slice(0, 3) }; // as mixed as it was
  }

  protected picture() {
    return this.mixed();
  }
}
define("feed", Feed);

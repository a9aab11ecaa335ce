// The player of lessons without a link: the service worker shows this page in the place of a learner's pages that cannot be reached. It
// puts together what the device keeps: the pack of the course, how far the learner is, and the outbox that takes what they do.
import { markOf, type Key } from "./offline/mark";
import { dropForm, passes, post, readCurrent, readForm, readState, signOutHere, tell, touchCurrent, troubleOf, waiting, writeState, type Current, type KnownCourse, type KnownLesson, type KnownStep, type Letter, type State } from "./lab/device";
import { handOver, newId, Outbox } from "./lab/outbox";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

interface Words {
  text: string;
  lang: string;
  dir: string;
}
interface PackStep {
  kind: string;
  name: Words;
  html: string;
  item?: Key & { correct?: Words; incorrect?: Words; options?: Record<string, Words> };
}
interface PackLesson {
  path: string;
  title: Words;
  aim: Words;
  steps: Record<string, PackStep>;
}
interface Pack {
  course: string;
  version: string;
  lang: string;
  title: Words;
  modules: { title: Words; lessons: PackLesson[] }[];
  tests?: Record<string, { html: string; items: Record<string, Key> }>; // without what marks them
}

const lang = document.documentElement.lang;

// part is one of the page's templates.
function part(id: string): DocumentFragment {
  return document.querySelector<HTMLTemplateElement>(`#p-${id}`)!.content.cloneNode(true) as DocumentFragment;
}

// say writes words with their language.
function say(el: Element, w: Words) {
  el.textContent = w.text;
  if (w.lang !== lang) {
    el.setAttribute("lang", w.lang);
    el.setAttribute("dir", w.dir);
  }
}

const words = (key: string) => part("words").querySelector(`[data-${key}]`)!.textContent!;

// packOf reads a kept version, in the page's language or in any that is kept.
async function packOf(version: string): Promise<Pack | undefined> {
  const cache = await caches.open("tizi-packs");
  for (const key of [`/packs/${version}/${lang}`, ...(await cache.keys()).map((r) => new URL(r.url).pathname).filter((p) => p.startsWith(`/packs/${version}/`))]) {
    const found = await cache.match(key);
    if (found) return found.json();
  }
  return undefined;
}

class Player extends HTMLElement {
  private me!: Current;
  private state!: State;

  connectedCallback() {
    void this.begin();
  }

  private async begin() {
    this.frame();
    const me = await readCurrent();
    if (!me) return this.replaceChildren(part("out"));
    this.me = me;
    this.state = (await readState(me.learner)) ?? { learner: me.learner, courses: [] };
    for (const e of ["pointerdown", "keydown"]) addEventListener(e, () => void touchCurrent(), { passive: true });
    await touchCurrent();
    await this.show();
    const send = () => void this.send();
    addEventListener("online", send);
    document.addEventListener("visibilitychange", send);
    send();
  }

  // frame makes what stands around the page true without a link: signing out here, languages of this page.
  private frame() {
    document.querySelector(".learner-out form")?.addEventListener("submit", (e) => {
      e.preventDefault();
      void signOutHere().then(() => location.assign("/my"));
    });
    document.querySelector("form[action='/appearance']")?.closest("tz-menu")?.remove();
    for (const a of document.querySelectorAll<HTMLAnchorElement>(".menu a[hreflang]")) a.href = `${location.pathname}?lang=${a.hreflang}`;
    for (const p of document.querySelectorAll("main > .worry")) p.remove();
  }

  private async send() {
    const waits = document.querySelector<HTMLElement>("[data-sends]")!;
    const show = async () => {
      const n = (await waiting(this.me.learner)).filter((l) => !l.refused).length;
      waits.hidden = n === 0;
      waits.querySelector("b")!.textContent = String(n);
    };
    await show();
    for (const p of await passes()) await new Outbox(p.learner, "", () => void show()).send();
    // Whether the node is there again is asked of the node.
    const back = await fetch("/healthz", { cache: "no-store" }).then((r) => r.ok, () => false);
    const a = document.querySelector<HTMLAnchorElement>("[data-back]")!;
    a.hidden = !back;
    a.href = location.pathname;
    document.querySelector<HTMLElement>("[data-no-link]")!.hidden = back;
  }

  private head(w: Words) {
    say(document.querySelector("#offline-title")!, w);
    document.title = `${w.text} · Tizi`;
  }

  private async show() {
    const [, my, courses, code, module, lesson, step] = location.pathname.split("/");
    if (my !== "my" && location.pathname !== "/") return this.replaceChildren(part("elsewhere"));
    if (courses === undefined) return this.home();
    const known = this.state.courses.find((c) => c.course === code);
    const pack = known && (await packOf(known.version));
    if (!known || !pack) return this.replaceChildren(part("elsewhere"));
    if (courses === "tests") return this.test(pack, known, module ?? "");
    if (courses !== "courses") return this.replaceChildren(part("elsewhere"));
    if (!module) return this.course(pack, known);
    const l = pack.modules.flatMap((m) => m.lessons).find((l) => l.path === `${module}/${lesson}`);
    const at = known.lessons[`${module}/${lesson}`];
    if (!l || !at) return this.replaceChildren(part("elsewhere"));
    if (!step) return this.lesson(pack, known, l, at);
    const s = at.steps.find((s) => s.id === step.replace(".", "/"));
    if (!s || !l.steps[s.id]) return this.replaceChildren(part("elsewhere"));
    return this.step(pack, l, at, s, l.steps[s.id]!);
  }

  private url(pack: Pack, l?: PackLesson, s?: KnownStep) {
    return ["/my/courses", pack.course, ...(l ? [l.path] : []), ...(s ? [s.id.replace("/", ".")] : [])].join("/");
  }

  // next is the lesson that comes next: the one that was left last, or the first that is not done.
  private next(pack: Pack, known: KnownCourse): PackLesson | undefined {
    const open = pack.modules.flatMap((m) => m.lessons).filter((l) => known.lessons[l.path] && !known.lessons[l.path]!.done);
    return open.filter((l) => known.lessons[l.path]!.begun).sort((a, b) => known.lessons[b.path]!.last - known.lessons[a.path]!.last)[0] ?? open[0];
  }

  // takes reports whether it is the time for a test: see way.takes of the node.
  private takes(known: KnownCourse, test: string): boolean {
    const t = known.tests?.[test];
    return !!t && !t.done && (t.open || (test === "pre" && !t.said && !Object.values(known.lessons).some((l) => l.done)));
  }

  private nextTest(pack: Pack, known: KnownCourse): string | undefined {
    return ["pre", "post"].find((t) => pack.tests?.[t] && this.takes(known, t));
  }

  private testUrl = (pack: Pack, test: string) => `/my/tests/${pack.course}/${test}`;

  private async home() {
    const cards: Node[] = [];
    for (const known of this.state.courses) {
      const pack = await packOf(known.version);
      if (!pack) continue;
      const card = part("card");
      const title = card.querySelector<HTMLAnchorElement>("[data-title]")!;
      say(title, pack.title);
      title.href = this.url(pack);
      const test = this.nextTest(pack, known);
      const l = test ? undefined : this.next(pack, known);
      card.querySelector<HTMLElement>("[data-all]")!.hidden = !!(l || test);
      if (test) {
        card.querySelector("[data-module]")!.remove();
        card.querySelector("[data-name]")!.textContent = words(`why-${test}`);
        const a = card.querySelector<HTMLAnchorElement>("[data-next]")!;
        a.href = this.testUrl(pack, test);
        a.querySelector("[data-begin]")!.textContent = words(test);
        a.querySelector("[data-continue]")!.remove();
      } else if (l) {
        say(card.querySelector("[data-module]")!, pack.modules.find((m) => m.lessons.includes(l))!.title);
        say(card.querySelector("[data-name]")!, l.title);
        card.querySelector<HTMLAnchorElement>("[data-next]")!.href = this.url(pack, l);
        card.querySelector(known.lessons[l.path]!.begun ? "[data-begin]" : "[data-continue]")!.remove();
      } else for (const e of card.querySelectorAll("[data-module], [data-name], [data-next]")) e.remove();
      cards.push(card);
    }
    this.replaceChildren(...(cards.length ? cards : [part("none")]));
  }

  private course(pack: Pack, known: KnownCourse) {
    this.head(pack.title);
    const tests = document.createElement("ul");
    tests.className = "my-list";
    for (const test of ["pre", "post"]) {
      const t = known.tests?.[test];
      if (!t || !pack.tests?.[test]) continue;
      const x = part("test");
      const a = x.querySelector("a")!;
      const open = this.takes(known, test);
      a.textContent = words(test);
      if (open) a.href = this.testUrl(pack, test);
      else a.replaceWith(words(test));
      x.querySelector("span")!.textContent = t.done ? words("done") : open ? "" : words(`when-${test}`);
      tests.append(x);
    }
    this.replaceChildren(
      ...(tests.children.length ? [tests] : []),
      ...pack.modules.map((m) => {
        const x = part("module");
        say(x.querySelector("[data-title]")!, m.title);
        for (const l of m.lessons) {
          const row = part("lesson");
          const a = row.querySelector<HTMLAnchorElement>("[data-title]")!;
          say(a, l.title);
          a.href = this.url(pack, l);
          if (!known.lessons[l.path]?.done) row.querySelector("[data-done]")!.remove();
          x.querySelector("ol")!.append(row);
        }
        return x;
      }),
    );
  }

  private dots(into: Element, pack: Pack, l: PackLesson, at: KnownLesson, now?: KnownStep) {
    into.replaceChildren(
      ...at.steps.map((s, i) => {
        const x = part("dot");
        const a = x.querySelector("a")!;
        a.href = this.url(pack, l, s);
        const state = !s.done ? "" : s.scored ? (s.right ? "right" : "wrong") : "done";
        if (state) a.classList.add(`is-${state}`);
        if (s === now) a.setAttribute("aria-current", "step");
        const [name, face] = a.querySelectorAll("span");
        const step = words("step").replace("0", String(i + 1));
        name!.textContent = [step, l.steps[s.id]?.name.text ?? "", state && words(state)].filter(Boolean).join(" · ");
        if (state === "done" || state === "right") face!.replaceChildren(part("check"));
        else face!.textContent = String(i + 1);
        return x;
      }),
    );
  }

  private lesson(pack: Pack, known: KnownCourse, l: PackLesson, at: KnownLesson) {
    this.head(l.title);
    const x = part("begin");
    this.dots(x.querySelector(".my-dots")!, pack, l, at);
    const form = x.querySelector<HTMLFormElement>("[data-form]")!;
    const open = at.steps.find((s) => !s.done);
    if (at.done || !open) form.remove();
    else {
      x.querySelector("[data-done]")!.remove();
      form.querySelector(at.begun ? "[data-begin]" : "[data-continue]")!.remove();
      sends(form, () => this.keep(pack, l, at, undefined, "initialized", () => location.assign(this.url(pack, l, open))));
    }
    const next = at.done && this.next(pack, known);
    if (next) {
      const a = part("next");
      a.querySelector("a")!.href = this.url(pack, next);
      x.querySelector(".stack-l")!.append(a);
    }
    this.replaceChildren(x);
  }

  private async step(pack: Pack, l: PackLesson, at: KnownLesson, s: KnownStep, p: PackStep) {
    this.head(p.name);
    // What the pack has was written by the node, for everybody; it is parsed before it is shown, so that nothing in it runs.
    const page = new DOMParser().parseFromString(p.html, "text/html").body.firstElementChild!;
    this.dots(page.querySelector(".my-dots")!, pack, l, at, s);
    const i = at.steps.indexOf(s);
    const to = at.steps[i + 1] ? this.url(pack, l, at.steps[i + 1]) : this.url(pack, l);
    const form = page.querySelector("form")!;
    if (p.item) arrange(form, p.item, s.options ?? []);
    const lab = [...page.querySelectorAll<HTMLElement>("*")].find((e) => e.localName.startsWith("tz-lab-"));
    if (lab) {
      lab.dataset.learner = this.me.learner;
      lab.addEventListener("tz-kept", () => {
        s.done = true;
        void this.mark(at);
      });
    }
    for (const a of form.querySelectorAll<HTMLAnchorElement>("a.btn")) a.href = to;
    const scripts = [...page.querySelectorAll<HTMLScriptElement>("script[src]")].map((e) => (e.remove(), e.src));
    sends(form, () => this.given(form, new FormData(form), newId().replaceAll("-", ""), pack, l, at, s, p, to));
    this.replaceChildren(page);
    for (const src of scripts) await import(src);
    const data = await this.left(form);
    if (!data) return;
    // Under its own mark, so that it counts once if the node had it already.
    const mark = data.get("mark");
    await this.given(form, data, typeof mark === "string" && /^[0-9a-f]{32}$/.test(mark) ? mark : newId().replaceAll("-", ""), pack, l, at, s, p, to);
  }

  // left is what was typed into a form that was sent as the link went: it is taken here.
  private async left(form: HTMLFormElement): Promise<FormData | undefined> {
    const left = await readForm(location.pathname, this.me.learner);
    if (!left) return undefined;
    await dropForm(location.pathname);
    const data = new FormData();
    for (const [name, value] of left.fields) {
      data.append(name, value);
      if (typeof value === "string") refill(form, name, value);
    }
    return data;
  }

  // test is one of the tests of a course. It is kept whole, when it is handed in.
  private async test(pack: Pack, known: KnownCourse, test: string) {
    const p = pack.tests?.[test];
    const t = known.tests?.[test];
    if (!p || !t) return this.replaceChildren(part("elsewhere"));
    this.head({ text: words(test), lang, dir: "" });
    const done = () => {
      const x = part("thanks");
      const on = part("next");
      on.querySelector("a")!.href = "/my";
      x.querySelector(".stack-l")!.append(on);
      this.replaceChildren(x);
    };
    if (t.done) return done();
    if (!this.takes(known, test)) return this.replaceChildren(part("not-now"));
    const page = new DOMParser().parseFromString(p.html, "text/html").body.firstElementChild!;
    const form = page.querySelector("form")!;
    const fields = new Map([...form.querySelectorAll<HTMLElement>("fieldset")].map((e) => [e.id.slice("f-".length), e]));
    const buttons = form.querySelector(".btns")!;
    const asked = t.items.filter((i) => p.items[i.id]);
    for (const e of fields.values()) e.remove();
    asked.forEach((i, n) => {
      const key = p.items[i.id]!;
      const field = fields.get(key.name)!;
      field.querySelector(".learn-n")!.textContent = String(n + 1);
      arrange(field, key, i.options ?? []);
      buttons.before(field);
    });
    for (const a of form.querySelectorAll<HTMLAnchorElement>("a.btn")) a.href = "/my";
    const give = async (data: FormData) => {
      const answers: Record<string, string> = {};
      for (const i of asked) {
        const r = responseOf(p.items[i.id]!.name, data);
        if (Object.keys(r).length) answers[i.id] = format(r);
      }
      if (Object.keys(answers).length < asked.length && !data.get("open")) {
        if (!form.querySelector("#f-open")) buttons.before(part("leave-open"));
        page.querySelector("[data-said]")?.remove();
        const said = part("test-open").firstElementChild as HTMLElement;
        said.dataset.said = "";
        form.before(said);
        return said.focus();
      }
      const result = { completion: true, extensions: { "urn:tizi:answers": answers } };
      if (!(await this.safe(pack, newId(), `urn:tizi:test:${pack.course}/${test}`, "http://adlnet.gov/expapi/verbs/completed", { result }))) return;
      t.done = true;
      await writeState(this.state).catch(() => undefined);
      done();
      void this.send();
    };
    sends(form, () => give(new FormData(form)));
    this.replaceChildren(page);
    const data = await this.left(form);
    if (data) await give(data);
  }

  private async given(form: HTMLFormElement, data: FormData, mark: string, pack: Pack, l: PackLesson, at: KnownLesson, s: KnownStep, p: PackStep, to: string) {
    for (const e of this.querySelectorAll("[data-said]")) e.remove();
    const tell = (part: DocumentFragment) => {
      const e = part.firstElementChild as HTMLElement;
      e.dataset.said = "";
      form.prepend(e);
      e.focus();
      return e;
    };
    if (!p.item) {
      if (p.kind !== "project") return void await this.keep(pack, l, at, s, "experienced", () => location.assign(to), mark);
      const note = String(data.get("note") ?? "").trim().slice(0, 2000);
      const file = data.get("file");
      const photo = file instanceof Blob && file.size ? file : undefined;
      if (!note && !photo) return void tell(part("file"));
      return void await this.keep(pack, l, at, s, "submit", () => (tell(part("kept")), form.reset()), mark, note, photo);
    }
    const response = responseOf(p.item.name, data);
    if (![...Object.values(response)].some((v) => v.trim())) return void tell(part("missing"));
    const m = markOf(p.item, response);
    const was = { ...s };
    s.tries++;
    s.right ||= m;
    const kept = await this.keep(pack, l, at, s, "answered", () => {
      if (!s.scored) return location.assign(to);
      const said = tell(part(m ? "right" : "wrong"));
      const chosen = [...Object.keys(response), ...Object.values(response)].map((v) => p.item!.options?.[v]);
      for (const w of [m ? p.item!.correct : p.item!.incorrect, ...chosen]) {
        if (!w) continue;
        const line = document.createElement("p");
        say(line, w);
        said.querySelector(".stack")!.append(line);
      }
      if (!m && s.tries >= 2) form.querySelector("details")?.setAttribute("open", "");
      const btns = form.querySelector(".btns")!;
      const check = btns.querySelector("button")!;
      btns.querySelector("[data-on]")?.remove();
      const on = part(m ? "next" : "on").querySelector("a")!;
      on.href = to;
      on.dataset.on = "";
      check.hidden = m;
      if (!m) check.replaceChildren(part("again"));
      btns.prepend(on);
      if (!m) btns.prepend(check);
    }, mark, format(response));
    if (!kept) Object.assign(s, was);
  }

  // keep puts what was done at a step into the outbox and goes on when it lies on the disk.
  private async keep(pack: Pack, l: PackLesson, at: KnownLesson, s: KnownStep | undefined, verb: string, then: () => unknown, mark = newId().replaceAll("-", ""), response = "", file?: Blob): Promise<boolean> {
    const iri = `urn:tizi:course:${pack.course}/${l.path}${s ? `/${s.id}` : ""}`;
    const id = mark.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    const digest = file && bytesToHex(sha256(new Uint8Array(await file.arrayBuffer())));
    const kept = await this.safe(
      pack,
      id,
      iri,
      verb === "submit" ? "http://activitystrea.ms/submit" : `http://adlnet.gov/expapi/verbs/${verb}`,
      {
        ...(response && { result: { response } }),
        ...(file && { attachments: [{ usageType: "urn:tizi:work", display: { en: "work" }, contentType: file.type || "application/octet-stream", length: file.size, sha2: digest }] }),
      },
      { ...(file && { artefact: file, digest }) },
    );
    if (!kept) return false;
    if (s) s.done = true;
    await this.mark(at);
    then();
    void this.send();
    return true;
  }

  // safe keeps a statement until it is sent, and reports whether it is safe. A device that is full gives it to the node at once, and where
  // there is no link says so: nothing is lost that was typed.
  private async safe(pack: Pack, id: string, object: string, verb: string, more: Record<string, unknown>, file: Partial<Letter> = {}): Promise<boolean> {
    const l: Letter = {
      id,
      learner: this.me.learner,
      ...file,
      statement: { id, verb: { id: verb }, object: { id: object }, context: { platform: "Tizi", revision: pack.version, language: lang }, timestamp: new Date().toISOString(), ...more },
    };
    try {
      await post(l);
    } catch (e) {
      if (!(await handOver(l))) return tell(troubleOf(e)), false;
    }
    tell();
    return true;
  }

  // mark keeps how far the learner is. It follows from the outbox and the node, so a device that is full loses nothing with it.
  private async mark(at: KnownLesson) {
    at.begun = true;
    at.last = Date.now();
    at.done ||= at.steps.every((s) => s.done);
    await writeState(this.state).catch(() => undefined);
  }
}

// sends takes what a form gives, and nothing more of it until that is done: who presses twice gives it once.
function sends(form: HTMLFormElement, take: () => Promise<unknown>) {
  let busy = false;
  form.addEventListener("submit", (e) => {
    e.preventDefault();
    if (busy) return;
    busy = true;
    void take().finally(() => (busy = false));
  });
}

// arrange puts what can be chosen into the order that is this learner's.
function arrange(form: HTMLElement, key: Key, order: string[]) {
  if (!order.length) return;
  const rank = (id: string) => (order.indexOf(id) + order.length + 1) % (order.length + 1);
  const sorted = <E extends HTMLElement>(list: E[], id: (e: E) => string) => {
    const all = list.map((e) => [e, rank(id(e))] as const).sort((a, b) => a[1] - b[1]);
    for (const [e] of all) e.parentElement!.append(e);
  };
  if (key.kind === "choice") sorted([...form.querySelectorAll<HTMLElement>("label.choice")], (e) => e.querySelector("input")!.value);
  else if (key.kind === "multiple") sorted([...form.querySelectorAll<HTMLElement>("label.choice")], (e) => e.querySelector("input")!.name.split(".")[1] ?? "");
  else if (key.kind === "order") sorted([...form.querySelectorAll<HTMLElement>("label.learn-part")], (e) => e.querySelector("select")!.name.split(".")[1] ?? "");
  else if (key.kind === "match") for (const s of form.querySelectorAll("select")) sorted([...s.options].filter((o) => o.value), (o) => o.value);
}

// responseOf reads the fields of a question: by the part that each answers.
function responseOf(name: string, data: FormData): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [field, value] of data) {
    const [of, part = ""] = field.split(".");
    if (of === name && typeof value === "string" && value.trim()) out[part] = value.slice(0, 1900);
  }
  return out;
}

// format writes an answer as one text, as the node reads it.
function format(r: Record<string, string>): string {
  const parts = Object.keys(r).sort();
  if (parts.length === 1 && parts[0] === "") return r[""]!;
  return parts.map((k) => `${k}[.]${r[k]}`).join("[,]");
}

// refill puts back what was typed.
function refill(form: HTMLFormElement, name: string, value: string) {
  for (const e of form.elements) {
    if (e instanceof HTMLInputElement && e.name === name) {
      if (e.type === "radio" || e.type === "checkbox") e.checked ||= e.value === value;
      else if (e.type !== "file" && e.type !== "hidden") e.value = value;
    } else if ((e instanceof HTMLSelectElement || e instanceof HTMLTextAreaElement) && e.name === name) e.value = value;
  }
}

customElements.define("tz-player", Player);

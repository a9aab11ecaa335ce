// <tz-kept data-learner …> on the pages of learners on a device of the centre, and without a learner at their door: what was done on the
// device and has not reached the node is sent, of whomever it is, and whoever is signed in is told of theirs. It also notes what the
// device needs for when there is no link: who is signed in, how far they are, the packs of the centre.
import { clearOut, dropCurrent, passes, readPass, readState, tell, touchCurrent, waiting, writeCurrent, writePass, writeState, type KnownCourse } from "../lab/device";
import { Outbox } from "../lab/outbox";

class Kept extends HTMLElement {
  connectedCallback() {
    addEventListener("online", this.send);
    document.addEventListener("visibilitychange", this.send);
    for (const e of ["pointerdown", "keydown"]) addEventListener(e, this.touch, { passive: true });
    if ("serviceWorker" in navigator) navigator.serviceWorker.addEventListener("message", this.told);
    void this.begin();
  }

  disconnectedCallback() {
    removeEventListener("online", this.send);
    document.removeEventListener("visibilitychange", this.send);
    for (const e of ["pointerdown", "keydown"]) removeEventListener(e, this.touch);
    if ("serviceWorker" in navigator) navigator.serviceWorker.removeEventListener("message", this.told);
  }

  private readonly told = (e: MessageEvent) => tell(e.data);

  private readonly touch = () => void touchCurrent().catch(() => undefined);

  private async begin() {
    const learner = this.dataset.learner;
    for (const e of document.querySelectorAll<HTMLElement>("[data-unsafe]")) e.hidden = isSecureContext;
    try {
      if (!learner) await dropCurrent();
      else {
        await clearOut();
        await writeCurrent({ learner, lang: document.documentElement.lang, idle: Number(this.dataset.idle), seen: Date.now() });
        const pass = await readPass(learner);
        // How far they are is asked for where they begin and after a test, and not on each page.
        if (!pass || location.pathname === "/my" || location.pathname.startsWith("/my/tests/")) await this.ask(learner, pass?.token);
        else await this.steps(learner);
      }
      await this.show();
      await this.send();
      const worker = "serviceWorker" in navigator && (await navigator.serviceWorker.register("/sw.js", { type: "classic" }));
      if (worker && (!learner || location.pathname === "/my")) (await navigator.serviceWorker.ready).active?.postMessage("packs");
    } catch {
      // No link, or a browser that keeps nothing.
    }
  }

  // ask fetches a pass, where there is none that holds, and how far the learner is.
  private async ask(learner: string, token = "") {
    const res = await fetch("/my/pass", { method: "POST", headers: { Accept: "application/json", ...(token && { Authorization: `Bearer ${token}` }) } });
    if (!res.ok) return;
    const said: { token?: string; courses: KnownCourse[] } = await res.json();
    if (said.token) await writePass({ learner, token: said.token });
    // What was done here and has not reached the node is done.
    const old = await readState(learner);
    const open = new Set((await waiting(learner)).map((l) => (l.statement.object as { id: string }).id));
    for (const c of said.courses) {
      for (const [test, t] of Object.entries(c.tests ?? {})) t.done ||= open.has(`urn:tizi:test:${c.course}/${test}`);
      for (const [path, l] of Object.entries(c.lessons)) {
        const was = old?.courses.find((o) => o.course === c.course)?.lessons[path];
        for (const s of l.steps) {
          const o = was?.steps.find((o) => o.id === s.id);
          if (o && open.has(`urn:tizi:course:${c.course}/${path}/${s.id}`)) Object.assign(s, { done: s.done || o.done, right: s.right || o.right, tries: Math.max(s.tries, o.tries) });
        }
        l.begun ||= l.steps.some((s) => s.done);
        l.done ||= l.steps.every((s) => s.done);
        l.last = Math.max(l.last, was?.last ?? 0);
      }
    }
    await writeState({ learner, courses: said.courses });
  }

  // steps takes over what the page of a lesson shows of it.
  private async steps(learner: string) {
    const dots = [...document.querySelectorAll<HTMLAnchorElement>(".my-dots a")];
    const state = dots.length ? await readState(learner) : undefined;
    const [, , , code, module, lesson] = location.pathname.split("/");
    const l = state?.courses.find((c) => c.course === code)?.lessons[`${module}/${lesson}`];
    if (!state || !l) return;
    for (const a of dots) {
      const s = l.steps.find((s) => a.pathname.endsWith("/" + s.id.replace("/", ".")));
      if (!s) continue;
      s.done ||= /\bis-/.test(a.className);
      s.right ||= a.classList.contains("is-right");
    }
    l.begun ||= l.steps.some((s) => s.done);
    l.done ||= l.steps.every((s) => s.done);
    l.last = Date.now();
    await writeState(state);
  }

  private readonly send = async () => {
    for (const p of await passes().catch(() => [])) await new Outbox(p.learner, "", () => void this.show()).send();
  };

  // show says what waits, and what was refused and why.
  private async show() {
    const learner = this.dataset.learner;
    if (!learner) return;
    const all = await waiting(learner);
    const line = this.querySelector<HTMLElement>("[data-waits]")!;
    const n = all.filter((l) => !l.refused).length;
    line.hidden = n === 0;
    line.querySelector("b")!.textContent = String(n);
    const no = this.querySelector<HTMLElement>("[data-refused]")!;
    const refused = all.filter((l) => l.refused);
    const told = `told-${learner}`; // it is hidden once it was read; what was made stays on the device
    const read = (localStorage.getItem(told) ?? "").split(" ");
    no.hidden = refused.every((l) => read.includes(l.id));
    no.querySelector("ul")!.replaceChildren(
      ...[...new Set(refused.map((l) => l.refused!))].map((why) => {
        const li = document.createElement("li");
        li.textContent = why;
        return li;
      }),
    );
    no.querySelector("button")!.onclick = () => {
      localStorage.setItem(told, refused.map((l) => l.id).join(" "));
      no.hidden = true;
    };
  }
}
customElements.define("tz-kept", Kept);

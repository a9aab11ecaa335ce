// <tz-kept data-learner …> on the pages of learners, and without a learner at their door: what was done on this device and has not
// reached the node is sent, of whomever it is, and whoever is signed in is told of theirs.
import { passes, readPass, unpost, waiting, writePass } from "../lab/device";
import { Outbox } from "../lab/outbox";

class Kept extends HTMLElement {
  connectedCallback() {
    addEventListener("online", this.send);
    document.addEventListener("visibilitychange", this.send);
    void this.begin();
  }

  disconnectedCallback() {
    removeEventListener("online", this.send);
    document.removeEventListener("visibilitychange", this.send);
  }

  private async begin() {
    const learner = this.dataset.learner;
    try {
      if (learner && !(await readPass(learner))) {
        const res = await fetch("/my/pass", { method: "POST", headers: { Accept: "application/json" } });
        const { token }: { token?: string } = res.ok ? await res.json() : {};
        if (token) await writePass({ learner, token });
      }
      await this.show();
      await this.send();
    } catch {
      // No link, or a browser that keeps nothing.
    }
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
    no.hidden = refused.length === 0;
    no.querySelector("ul")!.replaceChildren(
      ...[...new Set(refused.map((l) => l.refused!))].map((why) => {
        const li = document.createElement("li");
        li.textContent = why;
        return li;
      }),
    );
    no.querySelector("button")!.onclick = async () => {
      for (const l of refused) await unpost(l.id);
      await this.show();
    };
  }
}
customElements.define("tz-kept", Kept);

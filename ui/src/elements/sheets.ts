// <tz-sheets data-account> on the day of a trainer: sends the attendance that was marked on this device without a link, and names the
// sessions whose marks still lie here, or that somebody else has marked meanwhile.
import { dropSheet, sheetsOf, writeSheet } from "../lab/device";

class Sheets extends HTMLElement {
  connectedCallback() {
    addEventListener("online", this.send);
    document.addEventListener("visibilitychange", this.send);
    void this.send();
  }

  disconnectedCallback() {
    removeEventListener("online", this.send);
    document.removeEventListener("visibilitychange", this.send);
  }

  private readonly send = async () => {
    if (document.visibilityState === "hidden") return;
    const account = this.dataset.account!;
    const all = await sheetsOf(account).catch(() => []);
    for (const s of all) {
      if (s.refused) continue;
      try {
        const answer = await fetch(s.path, { method: "POST", body: new URLSearchParams(s.fields), headers: { Accept: "application/json" } });
        if (!answer.headers.get("Content-Type")?.includes("json")) continue;
        const said: { saved?: boolean; message?: string } = await answer.json();
        if (answer.ok && said.saved) await dropSheet(account, s.path);
        else if (answer.status === 409 && said.message) await writeSheet({ ...s, refused: said.message });
      } catch {
        break; // no link: everything stays, and the next occasion comes by itself
      }
    }
    const left = await sheetsOf(account).catch(() => []);
    this.hidden = left.length === 0;
    this.querySelector("ul")?.replaceChildren(
      ...left.map((s, i) => {
        const li = document.createElement("li");
        const a = document.createElement("a");
        a.href = s.path;
        a.textContent = `${this.dataset.sheet} ${i + 1}`;
        li.append(a, s.refused ? `: ${s.refused}` : "");
        return li;
      }),
    );
  };
}
customElements.define("tz-sheets", Sheets);

// <tz-same src="…"> around the form of a new person: asks, as names and birth are
// typed, who may be the same one, and shows them above the fields. Without script
// the server asks before it saves.
interface Liked {
  name: string;
  note: string;
  url: string;
}

const telling = new Set(["given", "family", "given_ar", "family_ar", "birth", "sex", "massar", "cin", "phone", "guardian", "guardian_phone", "centre"]);

class Same extends HTMLElement {
  private turn = 0;
  private timer = 0;

  connectedCallback() {
    this.querySelector("form")?.addEventListener("input", (e) => {
      if (!telling.has((e.target as HTMLInputElement).name)) return;
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.ask(), 350);
    });
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  private async ask() {
    const form = this.querySelector("form");
    const box = this.querySelector<HTMLElement>("[data-like]");
    const list = box?.querySelector("ul");
    if (!form || !box || !list) return;
    const turn = ++this.turn;
    const url = new URL(this.getAttribute("src") ?? "", location.href);
    for (const [name, value] of new FormData(form)) {
      if (telling.has(name) && typeof value === "string" && value !== "") url.searchParams.set(name, value);
    }
    try {
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok || turn !== this.turn) return;
      const found = (await answer.json()) as Liked[];
      if (turn !== this.turn) return;
      list.replaceChildren(...found.map(line));
      box.hidden = found.length === 0;
    } catch {
      // Nobody is warned while the node is out of reach; the server asks again when the form is sent.
    }
  }
}

function line(l: Liked): HTMLLIElement {
  const li = document.createElement("li");
  const who = document.createElement("span");
  const name = document.createElement(l.url ? "a" : "span");
  const fence = document.createElement("bdi");
  fence.textContent = l.name;
  name.append(fence);
  if (name instanceof HTMLAnchorElement) {
    name.href = l.url;
    name.target = "_blank"; // what was typed stays
    name.rel = "noopener";
  }
  const note = document.createElement("span");
  note.className = "sub";
  note.textContent = l.note;
  who.append(name, note);
  li.append(who);
  return li;
}
customElements.define("tz-same", Same);

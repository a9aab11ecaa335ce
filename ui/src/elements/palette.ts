// <tz-palette>: Ctrl+K (⌘K) opens a list of where one can go; typing narrows it
// and asks the server for people and groups. Without script its link leads to the
// search page.
interface Found {
  label: string;
  note?: string;
  url: string;
}

class Palette extends HTMLElement {
  private dialog!: HTMLDialogElement;
  private input!: HTMLInputElement;
  private list!: HTMLUListElement;
  private own: HTMLLIElement[] = [];
  private asked = 0;

  connectedCallback() {
    this.dialog = this.querySelector("dialog")!;
    this.input = this.querySelector("input")!;
    this.list = this.querySelector("ul")!;
    this.own = [...this.list.children] as HTMLLIElement[];
    this.own.forEach((li, i) => (li.id = "palette-" + i));
    this.querySelector(":scope > a")!.addEventListener("click", (e) => {
      e.preventDefault();
      this.open();
    });
    document.addEventListener("keydown", this.shortcut);
    this.input.addEventListener("input", () => this.narrow());
    this.dialog.addEventListener("keydown", (e) => this.key(e));
    this.dialog.addEventListener("click", (e) => {
      if (e.target === this.dialog) this.dialog.close();
    });
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.shortcut);
  }

  private readonly shortcut = (e: KeyboardEvent) => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey || e.key.toLowerCase() !== "k") return;
    e.preventDefault();
    this.open();
  };

  private open() {
    if (this.dialog.open) return;
    this.input.value = "";
    this.narrow();
    this.dialog.showModal();
    this.input.focus();
  }

  private narrow() {
    const q = plain(this.input.value);
    this.show(this.own.filter((li) => plain(li.textContent ?? "").includes(q)));
    const src = this.getAttribute("src");
    const turn = ++this.asked;
    if (!src || q.length < 2) return;
    setTimeout(async () => {
      if (turn !== this.asked) return;
      const url = new URL(src, location.href);
      url.searchParams.set("q", this.input.value);
      try {
        const found: Found[] = await (await fetch(url, { headers: { Accept: "application/json" } })).json();
        if (turn === this.asked) this.show([...(this.list.children as unknown as HTMLLIElement[]), ...found.map(item)]);
      } catch {
        // The search is a help; the own destinations stay.
      }
    }, 120);
  }

  private show(items: HTMLLIElement[]) {
    this.list.replaceChildren(...items);
    this.querySelector(".palette p")?.remove();
    if (!items.length) {
      const p = document.createElement("p");
      p.textContent = this.dataset.none ?? "";
      this.dialog.append(p);
    }
    this.at(0);
  }

  private at(i: number) {
    [...this.list.children].forEach((li, n) => {
      li.classList.toggle("at", n === i);
      li.setAttribute("aria-selected", String(n === i));
      if (n !== i) return;
      li.id ||= "palette-found-" + n;
      this.input.setAttribute("aria-activedescendant", li.id);
      li.scrollIntoView({ block: "nearest" });
    });
  }

  private key(e: KeyboardEvent) {
    const items = [...this.list.children];
    const now = items.findIndex((li) => li.classList.contains("at"));
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      const step = e.key === "ArrowDown" ? 1 : -1;
      if (items.length) this.at((now + step + items.length) % items.length);
    } else if (e.key === "Enter" && now >= 0) {
      e.preventDefault();
      items[now]?.querySelector("a")?.click();
    }
  }
}

// plain takes away capitals and accents, so that "seance" finds "Séance".
function plain(s: string): string {
  return s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

function item(f: Found): HTMLLIElement {
  const li = document.createElement("li");
  li.setAttribute("role", "option");
  const a = document.createElement("a");
  a.href = f.url;
  a.tabIndex = -1;
  const name = document.createElement("bdi");
  name.textContent = f.label;
  a.append(name);
  if (f.note) {
    const note = document.createElement("small");
    note.textContent = f.note;
    a.append(note);
  }
  li.append(a);
  return li;
}
customElements.define("tz-palette", Palette);

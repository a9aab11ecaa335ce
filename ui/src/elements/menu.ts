// <tz-menu> around a <details>: closes it on Escape, on a press elsewhere and
// when the focus leaves, and lets the arrows walk through what is in it.
class Menu extends HTMLElement {
  private readonly leave = (e: Event) => {
    if (!this.contains(e.target as Node)) this.close();
  };

  connectedCallback() {
    const details = this.querySelector("details");
    if (!details) return;
    details.addEventListener("toggle", () => {
      const on = details.open ? "addEventListener" : "removeEventListener";
      document[on]("pointerdown", this.leave);
      document[on]("focusin", this.leave);
    });
    this.addEventListener("keydown", (e) => this.key(e));
  }

  disconnectedCallback() {
    document.removeEventListener("pointerdown", this.leave);
    document.removeEventListener("focusin", this.leave);
  }

  private close() {
    const details = this.querySelector("details");
    if (details) details.open = false;
  }

  private key(e: KeyboardEvent) {
    const details = this.querySelector("details");
    if (!details?.open) return;
    if (e.key === "Escape") {
      this.close();
      this.querySelector("summary")?.focus();
      return;
    }
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    e.preventDefault();
    const items = [...this.querySelectorAll<HTMLElement>("summary, .menu a, .menu button")];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items[(at + step + items.length) % items.length]?.focus();
  }
}
customElements.define("tz-menu", Menu);

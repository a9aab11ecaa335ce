// <tz-lines> around a text says on which line one writes, and goes to the one that its address, or a fault below it, names.
class Lines extends HTMLElement {
  connectedCallback() {
    const text = this.querySelector("textarea");
    const output = this.querySelector("output");
    if (!text || !output) return;
    const say = () => {
      const n = text.value.slice(0, text.selectionStart).split("\n").length;
      output.textContent = (output.dataset.words ?? "%n").replace("%n", String(n));
    };
    const go = (line: number) => {
      const all = text.value.split("\n");
      const from = all.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
      text.focus();
      text.setSelectionRange(from, from + (all[line - 1] ?? "").length);
      text.scrollTop = Math.max(0, (text.scrollHeight * (line - 3)) / all.length);
      say();
    };
    output.hidden = false;
    for (const of of ["input", "click", "keyup", "focus"]) text.addEventListener(of, say);
    this.parentElement?.addEventListener("click", (e) => {
      const a = (e.target as Element).closest<HTMLElement>("a[data-line]");
      if (!a) return;
      e.preventDefault();
      go(Number(a.dataset.line));
    });
    say();
    // The browser goes to the part of the page that the address names, and takes the focus away, once all is there.
    const line = Number(this.dataset.line);
    if (line && document.readyState === "complete") go(line);
    else if (line) addEventListener("load", () => setTimeout(go, 0, line));
  }
}
customElements.define("tz-lines", Lines);

// <tz-print> shows its button only where a script can print.
class Print extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}
customElements.define("tz-print", Print);

// <tz-scan> around the form of a door: what the field holds is selected, so that the next card that a reader types takes its
// place, and the field has the keyboard again whenever somebody comes back to the page.
class Scan extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector<HTMLInputElement>("input[name=code]");
    if (!field) return;
    const take = () => {
      field.focus();
      field.select();
    };
    take();
    addEventListener("pageshow", take, { once: true });
  }
}
customElements.define("tz-scan", Scan);

// <tz-letters> around the form that unlocks a box: the QR of a card leads to the page with the card's letters behind the sign #,
// which a browser does not send. They go into the field, and out of the address and its history.
class Letters extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector<HTMLInputElement>("input[name=secret]");
    const letters = decodeURIComponent(location.hash.slice(1));
    if (!field || !letters) return;
    field.value = letters;
    history.replaceState(null, "", location.pathname + location.search);
    field.form?.querySelector("button")?.focus();
  }
}
customElements.define("tz-letters", Letters);

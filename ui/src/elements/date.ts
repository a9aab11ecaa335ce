// <tz-date> around a date field says the chosen day in words: browsers write the
// figures in the order of their own language, not of the page's, and 03/04 must
// not be taken for the third of April. The server has said the first one.
class DateInWords extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    const output = this.querySelector("output");
    if (!input || !output) return;
    // Browsers have no dates in Tamazight; French is what a missing word falls back to.
    const lang = { ar: "ar-MA", en: "en-GB" }[document.documentElement.lang] ?? "fr-MA";
    const words = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC", numberingSystem: "latn" });
    input.addEventListener("input", () => {
      const day = input.valueAsDate;
      output.textContent = day ? words.format(day) : "";
      output.lang = lang;
      output.dir = lang === "ar-MA" ? "rtl" : "ltr";
    });
  }
}
customElements.define("tz-date", DateInWords);

// <tz-upload> around a file field: a file can be dropped on it, and the area shows
// that one is chosen.
class Upload extends HTMLElement {
  connectedCallback() {
    const area = this.querySelector<HTMLElement>(".drop");
    const input = this.querySelector("input");
    if (!area || !input) return;
    const over = (on: boolean) => area.classList.toggle("over", on);
    area.addEventListener("dragover", (e) => {
      e.preventDefault();
      over(true);
    });
    area.addEventListener("dragleave", () => over(false));
    area.addEventListener("drop", (e) => {
      e.preventDefault();
      over(false);
      if (!e.dataTransfer?.files.length) return;
      input.files = e.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    input.addEventListener("change", () => area.classList.toggle("set", !!input.files?.length));
  }
}
customElements.define("tz-upload", Upload);

// <tz-filter into="results"> around a GET form: applies the filters as they are
// changed, by fetching the page they lead to and taking the named part out of it.
// Without script the form's own button does.
class Filter extends HTMLElement {
  private turn = 0;
  private timer = 0;

  connectedCallback() {
    const form = this.querySelector("form");
    if (!form) return;
    form.querySelector<HTMLElement>("[data-fallback]")?.setAttribute("hidden", "");
    form.addEventListener("input", (e) => {
      const typing = (e.target as HTMLInputElement).type === "search";
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.apply(form), typing ? 180 : 0);
    });
    form.addEventListener("submit", (e) => {
      e.preventDefault();
      clearTimeout(this.timer);
      this.apply(form);
    });
  }

  private async apply(form: HTMLFormElement) {
    const turn = ++this.turn;
    const url = new URL(form.action);
    url.search = "";
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value !== "") url.searchParams.append(name, value);
    }
    const id = this.getAttribute("into") ?? "results";
    const old = document.getElementById(id);
    if (!old) return location.assign(url);
    old.setAttribute("aria-busy", "true");
    try {
      const page = new DOMParser().parseFromString(await (await fetch(url)).text(), "text/html");
      if (turn !== this.turn) return;
      const fresh = page.getElementById(id);
      if (!fresh) return location.assign(url);
      document.getElementById(id)?.replaceWith(fresh);
      history.replaceState(null, "", url);
    } catch {
      if (turn === this.turn) location.assign(url);
    }
  }
}
customElements.define("tz-filter", Filter);

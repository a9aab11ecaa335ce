// <tz-live id=…> reads its own page again every two seconds while somebody looks at it, and takes over what is in it there: how
// far an exchange is. Nothing moves under a finger or a reader: what holds the focus is left alone.
class Live extends HTMLElement {
  private timer = 0;

  connectedCallback() {
    this.timer = window.setInterval(() => void this.read(), 2000);
  }

  disconnectedCallback() {
    window.clearInterval(this.timer);
  }

  private async read() {
    if (document.hidden || this.contains(document.activeElement)) return;
    try {
      // A form that came back stands at the address to which it was sent, where there may be no page.
      const res = await fetch(document.querySelector<HTMLLinkElement>("link[rel=canonical]")?.href ?? location.href);
      if (!res.ok || res.redirected) return;
      const page = new DOMParser().parseFromString(await res.text(), "text/html");
      const now = page.getElementById(this.id);
      if (now && now.innerHTML !== this.innerHTML) this.replaceChildren(...now.childNodes);
    } catch {
      // The link is down: what stands there stands.
    }
  }
}
customElements.define("tz-live", Live);

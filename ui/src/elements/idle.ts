// <tz-idle data-after data-here> on the pages of a learner: others use the device too. Whoever touches nothing is asked, and a minute
// later signed out; whoever reads or types is told to the server, which counts by itself and has the last word.
const askBefore = 60_000;
const tellEvery = 60_000;

class Idle extends HTMLElement {
  private last = Date.now();
  private told = Date.now();
  private timer = 0;
  private readonly touch = () => {
    this.last = Date.now();
    const asks = this.querySelector<HTMLElement>(".learner-asks");
    if (asks && !asks.hidden) asks.hidden = true;
    if (this.last - this.told > tellEvery) void this.tell();
  };

  connectedCallback() {
    for (const e of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) addEventListener(e, this.touch, { passive: true });
    this.timer = window.setInterval(() => this.look(), 5000);
  }

  disconnectedCallback() {
    for (const e of ["pointerdown", "keydown", "input", "wheel", "touchmove"]) removeEventListener(e, this.touch);
    window.clearInterval(this.timer);
  }

  private look() {
    const left = Number(this.dataset.after) * 1000 - (Date.now() - this.last);
    const asks = this.querySelector<HTMLElement>(".learner-asks");
    if (asks) asks.hidden = left > askBefore;
    if (left <= 0) this.querySelector("form")?.requestSubmit();
  }

  private async tell() {
    this.told = Date.now();
    try {
      const res = await fetch(this.dataset.here ?? "", { method: "POST", headers: { Accept: "application/json" } });
      if (res.status === 401) location.reload();
    } catch {
      // The link is down: what stands there stands.
    }
  }
}
customElements.define("tz-idle", Idle);

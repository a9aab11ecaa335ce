// <tz-passkey data-ask data-give data-failed> signs in with a passkey, or adds one
// where it holds a form. What it holds is hidden until a browser that keeps
// passkeys shows it; data-missing is the id of what says that there are none.
const bytes = (s: string) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (b: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(b)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

// The server writes bytes as text in JSON; a browser takes them as they are.
type Named = { id: string };
type Asked = { publicKey: any };

class Passkey extends HTMLElement {
  connectedCallback() {
    if (!window.isSecureContext || !window.PublicKeyCredential) return;
    const form = this.querySelector("form");
    const button = this.querySelector<HTMLElement>("button");
    if (form) form.hidden = false;
    else if (button) button.hidden = false;
    const missing = document.getElementById(this.dataset.missing ?? "");
    if (missing) missing.hidden = true;
    (form ?? button)?.addEventListener(form ? "submit" : "click", (e) => {
      e.preventDefault();
      this.run(form);
    });
  }

  async run(form: HTMLFormElement | null) {
    const error = this.querySelector<HTMLElement>("[role=alert]");
    if (error) error.hidden = true;
    const say = (s: string) => {
      if (error) [error.textContent, error.hidden] = [s, false];
    };
    try {
      const body = form ? new URLSearchParams(new FormData(form) as unknown as Record<string, string>) : undefined;
      const asked = await this.post(this.dataset.ask!, body);
      const found = form ? await this.make(asked) : await this.get(asked);
      const name = form?.querySelector<HTMLInputElement>("[name=name]")?.value;
      const done = await this.post(this.dataset.give! + (name ? "?name=" + encodeURIComponent(name) : ""), JSON.stringify(found));
      location.assign(done.go);
    } catch (e) {
      say(e instanceof Refused ? e.message : this.dataset.failed!);
    }
  }

  async post(url: string, body?: BodyInit) {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (typeof body === "string") headers["Content-Type"] = "application/json";
    const res = await fetch(url, { method: "POST", headers, body });
    const said = await res.json();
    if (!res.ok) throw new Refused(said.message);
    return said;
  }

  async make({ publicKey: o }: Asked) {
    const user = { ...o.user, id: bytes(o.user.id) };
    const excludeCredentials = (o.excludeCredentials ?? []).map((c: Named) => ({ ...c, id: bytes(c.id) }));
    const c = (await navigator.credentials.create({
      publicKey: { ...o, challenge: bytes(o.challenge), user, excludeCredentials },
    })) as PublicKeyCredential;
    const r = c.response as AuthenticatorAttestationResponse;
    return {
      id: c.id,
      rawId: text(c.rawId),
      type: c.type,
      response: { clientDataJSON: text(r.clientDataJSON), attestationObject: text(r.attestationObject) },
    };
  }

  async get({ publicKey: o }: Asked) {
    const c = (await navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge) } })) as PublicKeyCredential;
    const r = c.response as AuthenticatorAssertionResponse;
    return {
      id: c.id,
      rawId: text(c.rawId),
      type: c.type,
      response: {
        clientDataJSON: text(r.clientDataJSON),
        authenticatorData: text(r.authenticatorData),
        signature: text(r.signature),
        userHandle: r.userHandle ? text(r.userHandle) : undefined,
      },
    };
  }
}

class Refused extends Error {}

customElements.define("tz-passkey", Passkey);

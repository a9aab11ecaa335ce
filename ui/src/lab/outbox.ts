// The outbox: what was kept goes to the node when there is a token to send it with, and leaves the device only when the node
// has acknowledged it. Sending twice is harmless: ids are made here, and the receiver passes over what it holds.
import { post, unpost, waiting, type Letter } from "./device";

const most = 200; // statements a request

// newId is a UUID of version 7. crypto.randomUUID is not there on a plain http:// address.
export function newId(now = Date.now()): string {
  const b = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0, t = now; i < 6; i++, t = Math.floor(t / 256)) b[5 - i] = t % 256;
  b[6] = (b[6]! & 0x0f) | 0x70;
  b[8] = (b[8]! & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// Outbox sends what a learner has waiting: to the page of their lesson, or with a token to the learning record store. Without either
// it never asks the network.
export class Outbox {
  private running = false;

  constructor(
    private readonly learner: string,
    private readonly token: string,
    private readonly changed: () => void,
    private readonly to = "",
  ) {}

  // start sends now, when the link comes back, and when the page is looked at again.
  start() {
    if (!this.token && !this.to) return;
    addEventListener("online", this.send);
    document.addEventListener("visibilitychange", this.send);
    void this.send();
  }

  stop() {
    removeEventListener("online", this.send);
    document.removeEventListener("visibilitychange", this.send);
  }

  readonly send = async () => {
    if ((!this.token && !this.to) || this.running || document.visibilityState === "hidden") return;
    this.running = true;
    try {
      let todo = (await waiting(this.learner)).filter((l) => !l.refused);
      let size = most;
      while (todo.length > 0) {
        const batch = todo.slice(0, size);
        const answer = await fetch(this.to || "/xapi/statements", { method: "POST", ...packed(batch, this.token) });
        if (answer.ok) {
          const taken = new Set<string>(await answer.json());
          for (const l of batch) if (taken.has(l.id)) await unpost(l.id);
          if (!batch.every((l) => taken.has(l.id))) break; // what it does not name is tried at the next occasion
        } else if ([400, 409, 413, 422].includes(answer.status)) {
          // One that is refused must not keep back the others.
          if (batch.length > 1) {
            size = Math.ceil(batch.length / 2);
            continue;
          }
          await post({ ...batch[0]!, refused: `${answer.status}` });
        } else break; // signed out, or the node is busy
        todo = todo.slice(batch.length);
        size = most;
        this.changed();
      }
    } catch {
      // There is no link: everything stays, and the next occasion comes by itself.
    } finally {
      this.running = false;
      this.changed();
    }
  };
}

// packed is a request after the xAPI specification: statements first, then the artefacts they name by digest.
export function packed(batch: Letter[], token: string): { headers: Record<string, string>; body: Blob } {
  const boundary = "tizi-" + newId();
  const parts = [`--${boundary}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(batch.map((l) => l.statement))}\r\n`];
  const said = new Set<string>();
  for (const l of batch) {
    if (said.has(l.digest)) continue;
    said.add(l.digest);
    parts.push(`--${boundary}\r\nContent-Type: application/json\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${l.digest}\r\n\r\n${l.artefact}\r\n`);
  }
  parts.push(`--${boundary}--\r\n`);
  return {
    headers: { "Content-Type": `multipart/mixed; boundary=${boundary}`, "X-Experience-API-Version": "2.0.0", Accept: "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
    body: new Blob(parts),
  };
}

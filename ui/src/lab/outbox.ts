// The outbox: what was kept goes to the node when there is something to send it with, and leaves the device only when the node
// has acknowledged it. Sending twice is harmless: ids are made here, and the receiver passes over what it holds.
import { dropPass, post, readPass, unpost, waiting, type Letter } from "./device";

const most = 200; // letters a request
const large = 4 << 20; // bytes a request, unless one letter alone has more

// newId is a UUID of version 7. crypto.randomUUID is not there on a plain http:// address.
export function newId(now = Date.now()): string {
  const b = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0, t = now; i < 6; i++, t = Math.floor(t / 256)) b[5 - i] = t % 256;
  b[6] = (b[6]! & 0x0f) | 0x70;
  b[8] = (b[8]! & 0x3f) | 0x80;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

// Outbox sends what a learner has waiting: with the pass of this device; without one to the page of their lesson, or with a token to the
// learning record store. Without any of them it never asks the network.
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
    addEventListener("online", this.send);
    document.addEventListener("visibilitychange", this.send);
    void this.send();
  }

  stop() {
    removeEventListener("online", this.send);
    document.removeEventListener("visibilitychange", this.send);
  }

  readonly send = async () => {
    if (this.running || document.visibilityState === "hidden") return;
    this.running = true;
    try {
      let todo = (await waiting(this.learner)).filter((l) => !l.refused);
      const pass = todo.length && !this.token ? (await readPass(this.learner))?.token : "";
      if (!pass && !this.token && !this.to) return;
      let size = most;
      while (todo.length > 0) {
        const batch = fitting(todo.slice(0, size));
        const answer = await fetch(pass ? "/outbox" : this.to || "/xapi/statements", { method: "POST", ...packed(batch, pass || this.token) });
        if (answer.ok) {
          const said: Sorted | string[] = await answer.json();
          const { taken, refused }: Sorted = Array.isArray(said) ? { taken: said, refused: [], later: [] } : said;
          for (const l of batch) if (taken.includes(l.id)) await unpost(l.id);
          for (const r of refused) for (const l of batch) if (l.id === r.id) await post({ ...l, refused: r.why });
          if (taken.length + refused.length < batch.length && Array.isArray(said)) break; // what it does not name is tried at the next occasion
        } else if ([400, 409, 413, 422].includes(answer.status)) {
          // One that is refused must not keep back the others.
          if (batch.length > 1) {
            size = Math.ceil(batch.length / 2);
            continue;
          }
          await post({ ...batch[0]!, refused: `${answer.status}` });
        } else {
          if (answer.status === 401 && pass) await dropPass(this.learner); // the next time they come in there is another
          break; // or signed out, or the node is busy
        }
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

// handOver sends one letter that could not be kept here, and reports whether the node has it.
export async function handOver(l: Letter): Promise<boolean> {
  try {
    const pass = await readPass(l.learner);
    const answer = pass && (await fetch("/outbox", { method: "POST", ...packed([l], pass.token) }));
    return !!answer?.ok && ((await answer.json()) as Sorted).taken.includes(l.id);
  } catch {
    return false; // no link
  }
}

// Sorted is what the node says of a batch: what it holds now, what it will never take and why, and what it may take later.
interface Sorted {
  taken: string[];
  refused: { id: string; why: string }[];
  later: string[];
}

// fitting are the first letters of a batch that together are not too large.
function fitting(batch: Letter[]): Letter[] {
  let bytes = 0;
  const n = batch.findIndex((l) => (bytes += l.artefact instanceof Blob ? l.artefact.size : (l.artefact?.length ?? 0)) > large);
  return n < 0 ? batch : batch.slice(0, Math.max(n, 1));
}

// packed is a request after the xAPI specification: statements first, then the artefacts they name by digest.
export function packed(batch: Letter[], token: string): { headers: Record<string, string>; body: Blob } {
  const boundary = "tizi-" + newId();
  const parts: BlobPart[] = [`--${boundary}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(batch.map((l) => l.statement))}\r\n`];
  const said = new Set<string>();
  for (const l of batch) {
    if (!l.artefact || !l.digest || said.has(l.digest)) continue;
    said.add(l.digest);
    const kind = l.artefact instanceof Blob ? l.artefact.type || "application/octet-stream" : "application/json";
    parts.push(`--${boundary}\r\nContent-Type: ${kind}\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: ${l.digest}\r\n\r\n`, l.artefact, "\r\n");
  }
  parts.push(`--${boundary}--\r\n`);
  return {
    headers: { "Content-Type": `multipart/mixed; boundary=${boundary}`, "X-Experience-API-Version": "2.0.0", Accept: "application/json", "X-Tizi-Sent": new Date().toISOString(), ...(token && { Authorization: `Bearer ${token}` }) },
    body: new Blob(parts),
  };
}

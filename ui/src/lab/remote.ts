// A Worker that is asked and answers, so that training never holds up a finger.

// Remote is the page's side.
export class Remote {
  private readonly worker: Worker;
  private readonly open = new Map<number, { resolve: (v: unknown) => void; reject: (e: Error) => void }>();
  private n = 0;

  constructor(address: string) {
    this.worker = new Worker(address);
    this.worker.onmessage = (e: MessageEvent<{ n: number; answer?: unknown; error?: string }>) => {
      const { n, answer, error } = e.data;
      const asked = this.open.get(n);
      this.open.delete(n);
      if (error !== undefined) asked?.reject(new Error(error));
      else asked?.resolve(answer);
    };
    this.worker.onerror = (e) => {
      for (const asked of this.open.values()) asked.reject(new Error(e.message || "the worker did not start"));
      this.open.clear();
    };
  }

  ask<T>(what: string, data?: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      this.open.set(++this.n, { resolve: resolve as (v: unknown) => void, reject });
      this.worker.postMessage({ n: this.n, what, data });
    });
  }

  stop() {
    this.worker.terminate();
  }
}

// answer is the worker's side.
export function answer(acts: Record<string, (data: any) => unknown>) {
  const port = self as unknown as { onmessage: (e: MessageEvent) => void; postMessage: (m: unknown) => void };
  port.onmessage = async (e: MessageEvent<{ n: number; what: string; data: unknown }>) => {
    const { n, what, data } = e.data;
    try {
      port.postMessage({ n, answer: await acts[what]!(data) });
    } catch (err) {
      port.postMessage({ n, error: err instanceof Error ? err.message : String(err) });
    }
  };
}

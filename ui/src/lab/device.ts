// What is kept on the device, in IndexedDB: work under way in labs, by learner and lab; the outbox; the passes with which it is sent;
// spoken instructions; for lessons without a link, who learns on it and how far they are.

// Work is how far a learner is in a lab.
export interface Work<S> {
  learner: string;
  lab: string;
  state: S;
  step: number; // the one being shown
  done: string[]; // keys of steps
  answers: Record<string, string[]>; // question to the answers given, in order
  spent: number; // seconds looked at
  kept: string; // id of the last statement, "" before
}

// Letter is what waits to be sent: a statement and the artefact that goes with it.
export interface Letter {
  id: string;
  learner: string;
  statement: { id: string } & Record<string, unknown>;
  artefact?: string | Blob; // what goes with it: JSON of a lab, a picture
  digest?: string; // SHA-256 of the artefact's bytes, in hex
  refused?: string; // why the receiver did not take it
}

// Pass is what this device hands in the work of a learner with, after their session too.
export interface Pass {
  learner: string;
  token: string;
}

// Current is who is signed in on this device, by what its pages said last: without a link there is nobody else to ask.
export interface Current {
  learner: string;
  lang: string;
  idle: number; // seconds without a touch after which they are not any more
  seen: number;
}

// State is how far a learner is in their courses: what the node said last, and what was done since.
export interface State {
  learner: string;
  courses: KnownCourse[];
}
export interface KnownCourse {
  course: string;
  version: string;
  lessons: Record<string, KnownLesson>;
  tests?: Record<string, KnownTest>; // none in what an earlier program kept
}
export interface KnownTest {
  open: boolean; // the trainer has opened it
  said: boolean; // or has closed it
  done: boolean;
  items: { id: string; options?: string[] }[]; // what this learner is asked, as in a step
}
export interface KnownLesson {
  begun: boolean;
  done: boolean;
  last: number;
  steps: KnownStep[];
}
export interface KnownStep {
  id: string;
  options?: string[]; // what can be chosen, in the order that is this learner's
  done: boolean;
  right: boolean;
  tries: number;
  scored: boolean;
}

// Sheet are the marks of a session that an account gave on this device and that the node has not taken.
export interface Sheet {
  account: string;
  path: string; // of the session
  fields: [string, string][];
  refused?: string; // why the node did not take them: somebody else marked meanwhile
}

// Form is a step that was sent as the link went.
export interface Form {
  path: string;
  learner: string;
  fields: [string, FormDataEntryValue][];
}

// Voice is an instruction that a trainer spoke on this device.
export interface Voice {
  lab: string;
  lang: string;
  step: string;
  sound: Blob;
}

// Trouble is what hinders keeping: a page of a later program has come, one of an earlier program does not go, there is no room.
export type Trouble = "old" | "blocked" | "full";

// tell shows what the page has to say of it, or no more of it. A service worker has no page.
export function tell(what?: Trouble) {
  if (typeof document === "undefined") return;
  const box = document.querySelector<HTMLElement>("[data-store]");
  if (!box) return;
  for (const e of box.querySelectorAll<HTMLElement>("[data-trouble]")) e.hidden = e.dataset.trouble !== what;
  box.hidden = !what;
  if (what) box.focus();
}

// troubleOf is why something was not kept. Whatever else may be wrong with a disk, to whoever learns it is full.
export const troubleOf = (e: unknown): Trouble => (["InvalidStateError", "VersionError"].includes((e as DOMException | undefined)?.name ?? "") ? "old" : "full");

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const ask = indexedDB.open("tizi-labs", 3);
    let waited = false;
    ask.onblocked = () => {
      waited = true;
      tell("blocked");
    };
    ask.onupgradeneeded = (e) => {
      if (e.oldVersion < 1) {
        ask.result.createObjectStore("work", { keyPath: ["learner", "lab"] });
        ask.result.createObjectStore("outbox", { keyPath: "id" });
        ask.result.createObjectStore("voice", { keyPath: ["lab", "lang", "step"] });
      }
      if (e.oldVersion < 2) ask.result.createObjectStore("pass", { keyPath: "learner" });
      ask.result.createObjectStore("current");
      ask.result.createObjectStore("state", { keyPath: "learner" });
      ask.result.createObjectStore("form", { keyPath: "path" });
      ask.result.createObjectStore("sheet", { keyPath: ["account", "path"] });
    };
    ask.onsuccess = () => {
      if (waited) tell();
      // A page of a later program must not wait for this one, which keeps nothing from now on.
      ask.result.onversionchange = () => {
        ask.result.close();
        tell("old");
      };
      ask.result.onclose = () => (opened = undefined); // the browser took it away: who asks next opens it again
      resolve(ask.result);
    };
    ask.onerror = () => {
      opened = undefined;
      if (ask.error?.name === "VersionError") tell("old");
      reject(ask.error);
    };
  });
  return opened;
}

// within runs one transaction and waits until it is on the disk.
async function within<T>(store: string, mode: IDBTransactionMode, act: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  return new Promise((resolve, reject) => {
    const tx = db.transaction(store, mode);
    const ask = act(tx.objectStore(store));
    tx.oncomplete = () => resolve(ask.result);
    tx.onabort = () => reject(tx.error ?? ask.error); // every error ends so, and only then it is known which
  });
}

export const readWork = <S>(learner: string, lab: string) => within<Work<S> | undefined>("work", "readonly", (s) => s.get([learner, lab]));
export const writeWork = (w: Work<unknown>) => within("work", "readwrite", (s) => s.put(w));
export const dropWork = (learner: string, lab: string) => within("work", "readwrite", (s) => s.delete([learner, lab]));

export const post = (l: Letter) => within("outbox", "readwrite", (s) => s.put(l));
export const unpost = (id: string) => within("outbox", "readwrite", (s) => s.delete(id));
export const waiting = async (learner: string) => (await within<Letter[]>("outbox", "readonly", (s) => s.getAll())).filter((l) => l.learner === learner);

export const passes = () => within<Pass[]>("pass", "readonly", (s) => s.getAll());
export const readPass = (learner: string) => within<Pass | undefined>("pass", "readonly", (s) => s.get(learner));
export const writePass = (p: Pass) => within("pass", "readwrite", (s) => s.put(p));
export const dropPass = (learner: string) => within("pass", "readwrite", (s) => s.delete(learner));

// readCurrent is who learns here now, or undefined once nobody has touched the device for too long.
export async function readCurrent(): Promise<Current | undefined> {
  const c = await within<Current | undefined>("current", "readonly", (s) => s.get("learner"));
  return c && Date.now() - c.seen < c.idle * 1000 ? c : undefined;
}
export const writeCurrent = (c: Current) => within("current", "readwrite", (s) => s.put(c, "learner"));
export const dropCurrent = () => within("current", "readwrite", (s) => s.delete("learner"));

// touchCurrent says that they are still there, where there is room for that.
export async function touchCurrent() {
  const c = await readCurrent();
  if (c && Date.now() - c.seen > 5000) await writeCurrent({ ...c, seen: Date.now() }).catch(() => undefined);
}

// Who signed out without a link is signed out at the node before it shows anything of theirs.
export async function signOutHere() {
  await dropCurrent();
  await within("current", "readwrite", (s) => s.put(true, "out"));
}
export const isOut = () => within<boolean | undefined>("current", "readonly", (s) => s.get("out"));
export const clearOut = () => within("current", "readwrite", (s) => s.delete("out"));

export const readState = (learner: string) => within<State | undefined>("state", "readonly", (s) => s.get(learner));
export const writeState = (v: State) => within("state", "readwrite", (s) => s.put(v));

export const readForm = async (path: string, learner: string) => {
  const f = await within<Form | undefined>("form", "readonly", (s) => s.get(path));
  return f?.learner === learner ? f : undefined;
};
export const writeForm = (f: Form) => within("form", "readwrite", (s) => s.put(f));
export const dropForm = (path: string) => within("form", "readwrite", (s) => s.delete(path));

export const sheetsOf = async (account: string) => (await within<Sheet[]>("sheet", "readonly", (s) => s.getAll())).filter((x) => x.account === account);
export const readSheet = (account: string, path: string) => within<Sheet | undefined>("sheet", "readonly", (s) => s.get([account, path]));
export const writeSheet = (v: Sheet) => within("sheet", "readwrite", (s) => s.put(v));
export const dropSheet = (account: string, path: string) => within("sheet", "readwrite", (s) => s.delete([account, path]));

export const readVoice = (lab: string, lang: string, step: string) => within<Voice | undefined>("voice", "readonly", (s) => s.get([lab, lang, step]));
export const writeVoice = (v: Voice) => within("voice", "readwrite", (s) => s.put(v));
export const dropVoice = (lab: string, lang: string, step: string) => within("voice", "readwrite", (s) => s.delete([lab, lang, step]));

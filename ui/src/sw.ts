// The service worker: it keeps what pages are made of and the packs of lessons that the centre chose, and shows the player in the place of
// a learner's page that cannot be reached. What is posted goes to the node; only a step of a lesson that could not be sent is kept.
import { clearOut, dropCurrent, isOut, readCurrent, troubleOf, writeForm } from "./lab/device";

declare const self: {
  tizi: { version: string; files: string[] }; // written before this script by the node
  registration: { scope: string };
  clients: { claim(): Promise<void>; matchAll(): Promise<{ url: string; postMessage(what: unknown): void }[]> };
  skipWaiting(): Promise<void>;
  addEventListener(type: string, listener: (e: any) => void): void;
};

const shell = `tizi-shell-${self.tizi.version}`;
const packs = "tizi-packs";
const sheets = "tizi-sheets"; // of attendance, with names: for as long as the session of the account lasts
const life = 8 * 3600_000; // of a session in which nothing is done
const langs = ["fr", "ar", "zgh", "en"];
const again = 10 * 60_000; // between two looks at what the centre chose
const patience = 10_000; // for a node that does not answer

self.addEventListener("install", (e) =>
  e.waitUntil(
    (async () => {
      const cache = await caches.open(shell);
      await cache.addAll(self.tizi.files);
      // Without cookies, so that the page is nobody's.
      for (const lang of langs) await cache.put(`/offline?lang=${lang}`, await good(`/offline?lang=${lang}`, { credentials: "omit" }));
      await self.skipWaiting();
    })(),
  ),
);

self.addEventListener("activate", (e) =>
  e.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("tizi-shell-") && name !== shell) await caches.delete(name);
      await self.clients.claim();
    })(),
  ),
);

async function good(url: string, init?: RequestInit): Promise<Response> {
  const res = await fetch(url, init);
  if (!res.ok) throw new Error(`${url}: ${res.status}`);
  return res;
}

self.addEventListener("message", (e) => {
  if (e.data === "packs") e.waitUntil(keepPacks().catch(() => undefined)); // the next look comes by itself
  else if (isSheet(e.data?.sheet ?? "")) e.waitUntil(fetch(e.data.sheet).then((res) => keepSheet(e.data.sheet, res), () => undefined));
});

let looked = 0;
let looking: Promise<void> | undefined;

function keepPacks(): Promise<void> {
  if (Date.now() - looked < again) return Promise.resolve();
  return (looking ??= renew().finally(() => (looking = undefined)));
}

// renew fetches the packs that are missing, lets go of those that the centre chose no more, and tells the node what is held.
async function renew() {
  const wanted: { course: string; lang: string; version: string; url: string }[] = await (await good("/packs")).json();
  const cache = await caches.open(packs);
  const keep = new Set<string>();
  const held = [];
  for (const w of wanted) {
    let bytes = 0;
    const have = async (address: string) => {
      const url = new URL(address, location.origin).href; // files of courses come from another name of the node
      keep.add(url);
      let res = await cache.match(url);
      if (!res) {
        res = await good(url, url.startsWith(location.origin) ? {} : { mode: "cors", credentials: "omit" });
        await cache.put(url, res.clone());
      }
      const b = await res.clone().blob();
      bytes += b.size;
      return res;
    };
    // A pack is the same as long as the program and the version are: an address says the version, the shell's name the program.
    const mark = `${location.origin}${w.url}?program=${self.tizi.version}`;
    if (!(await cache.match(mark))) {
      await cache.delete(w.url);
      const pack: { files: string[]; labs: string[] } = await (await have(w.url)).clone().json();
      for (const f of pack.files) await have(f);
      for (const f of pack.labs) {
        const res = await have(f);
        if (!f.endsWith(".json")) continue;
        const lab: { worker?: string; files?: Record<string, string>; voice?: Record<string, string> } = await res.clone().json();
        for (const x of [lab.worker, ...Object.values(lab.files ?? {}), ...Object.values(lab.voice ?? {})]) if (x) await have(x);
      }
      await cache.put(mark, new Response(JSON.stringify({ bytes, keep: [...keep] })));
    }
    const said: { bytes: number; keep: string[] } = await (await cache.match(mark))!.json();
    for (const k of said.keep) keep.add(k);
    keep.add(mark);
    held.push({ course: w.course, lang: w.lang, version: w.version, bytes: said.bytes });
  }
  for (const r of await cache.keys()) {
    if (!keep.has(r.url)) await cache.delete(r);
  }
  await good("/packs", { method: "POST", body: JSON.stringify(held), headers: { "Content-Type": "application/json", Accept: "application/json" } });
  looked = Date.now();
}

self.addEventListener("fetch", (e) => {
  const req: Request = e.request;
  const url = new URL(req.url);
  if (req.method === "GET" && (url.pathname.startsWith("/assets/") || url.pathname.startsWith("/course-files/"))) {
    e.respondWith(kept(req));
    return;
  }
  if (url.origin !== location.origin) return;
  if (req.mode !== "navigate") return;
  // Whoever signs out, or has to sign in, leaves no sheet here; nor does a trainer who gives the device to a learner.
  if (url.pathname === "/signin" || url.pathname === "/signout" || url.pathname === "/demo" || (req.method === "POST" && url.pathname.startsWith("/door"))) e.waitUntil(caches.delete(sheets));
  if (req.method === "GET" && isSheet(url.pathname)) {
    e.respondWith(sheet(req, url));
    return;
  }
  if (req.method === "POST" && url.pathname === "/door/out") {
    e.waitUntil(dropCurrent());
    return;
  }
  if (req.method === "POST" && /^\/my\/(courses|tests)\//.test(url.pathname)) e.respondWith(sent(req, url.pathname));
  else if (req.method === "GET" && (url.pathname === "/my" || url.pathname.startsWith("/my/"))) e.respondWith(page(req, url));
  else if (req.method === "GET" && ["/", "/door", "/today"].includes(url.pathname)) e.respondWith(front(req, url));
});

// kept answers with a file that the device has: addresses name the content.
async function kept(req: Request): Promise<Response> {
  const found = await caches.match(req.url, { ignoreVary: true });
  if (!found) return fetch(req);
  // A film is asked for in pieces.
  const range = /^bytes=(\d+)-(\d*)$/.exec(req.headers.get("Range") ?? "");
  if (!range) return found;
  const all = await found.blob();
  const from = Number(range[1]);
  const to = Math.min(range[2] ? Number(range[2]) : Infinity, all.size - 1);
  if (from > to) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${all.size}` } });
  return new Response(all.slice(from, to + 1), { status: 206, headers: { "Content-Type": found.headers.get("Content-Type") ?? "", "Content-Range": `bytes ${from}-${to}/${all.size}`, "Content-Length": `${to - from + 1}` } });
}

// page is a learner's page from the node, or the player where the node cannot be reached.
async function page(req: Request, url: URL): Promise<Response> {
  try {
    if (!navigator.onLine) throw new Error("no link");
    // Who signed out without a link is signed out before anything is shown.
    if (await isOut()) {
      await fetch("/door/out", { method: "POST", redirect: "manual" });
      await clearOut();
    }
    return await Promise.race([fetch(req), new Promise<never>((_, no) => setTimeout(() => no(new Error("no answer")), patience))]);
  } catch (e) {
    return player(url).catch(() => {
      throw e;
    });
  }
}

const isSheet = (path: string) => /^\/sessions\/[0-9a-f-]{32,36}$/.test(path);

async function keepSheet(path: string, res: Response) {
  if (!res.ok || res.redirected) return;
  const headers = new Headers(res.headers);
  headers.set("X-Tizi-Until", String(Date.now() + life));
  await (await caches.open(sheets)).put(path, new Response(await res.blob(), { headers }));
}

// keptSheets are the sheets of sessions that may still be read here; the others are let go.
async function keptSheets(): Promise<string[]> {
  const cache = await caches.open(sheets);
  const out = [];
  for (const r of await cache.keys()) {
    if (Number((await cache.match(r))?.headers.get("X-Tizi-Until")) > Date.now()) out.push(new URL(r.url).pathname);
    else await cache.delete(r);
  }
  return out;
}

// sheet is the attendance of a session: from the node, or as it was when it was last seen.
async function sheet(req: Request, url: URL): Promise<Response> {
  const kept = await keptSheets();
  try {
    if (!navigator.onLine) throw new Error("no link");
    const res = await Promise.race([fetch(req), new Promise<never>((_, no) => setTimeout(() => no(new Error("no answer")), patience))]);
    if (res.type === "opaqueredirect") await caches.delete(sheets); // the session is over
    else await keepSheet(url.pathname, res.clone());
    return res;
  } catch (e) {
    const found = kept.includes(url.pathname) && (await (await caches.open(sheets)).match(url.pathname));
    if (found) return found;
    throw e;
  }
}

// front is where whoever learns without a link finds their page too.
async function front(req: Request, url: URL): Promise<Response> {
  try {
    return await fetch(req);
  } catch (e) {
    if (await readCurrent()) return Response.redirect("/my", 302);
    const kept = url.pathname === "/door" ? [] : await keptSheets();
    if (kept.length) return Response.redirect(kept.at(-1)!, 302);
    return player(url).catch(() => {
      throw e;
    });
  }
}

async function player(url: URL): Promise<Response> {
  const lang = url.searchParams.get("lang") ?? (await readCurrent())?.lang ?? langs[0]!;
  const cache = await caches.open(shell);
  const found = await cache.match(`/offline?lang=${langs.includes(lang) ? lang : langs[0]}`);
  if (!found) throw new Error("no player");
  return found;
}

// sent posts a step or a test; what cannot be sent is kept for the player, which takes it as if it had been given there. Where there is no
// room the page stays as it is, with what was typed, and says so.
async function sent(req: Request, path: string): Promise<Response> {
  const copy = req.clone();
  try {
    return await fetch(req);
  } catch {
    const me = await readCurrent();
    try {
      if (me) await writeForm({ path, learner: me.learner, fields: [...(await copy.formData())] });
    } catch (e) {
      for (const c of await self.clients.matchAll()) if (new URL(c.url).pathname === path) c.postMessage(troubleOf(e));
      return new Response(null, { status: 204 });
    }
    return Response.redirect(path, 303);
  }
}

// <tz-attendance> around the attendance form: marks by key, moves by arrow, counts
// as one marks, saves without leaving the page. The form is plain radios and works
// by itself; nothing here holds state that the radios do not. What cannot be
// sent is kept on the device, by account and session, and sent when it can be.
import { dropSheet, readSheet, writeSheet } from "../lab/device";

class Attendance extends HTMLElement {
  private form!: HTMLFormElement;
  private rows: HTMLElement[] = [];
  private keys = new Map<string, string>();
  private tally = new Map<string, number>();
  private was = new WeakMap<HTMLElement, string>();
  private dirty = false;
  private saving = false;
  private kept = false; // what is marked lies on the device, and not yet at the node

  connectedCallback() {
    this.form = this.querySelector("form")!;
    this.rows = [...this.querySelectorAll<HTMLElement>("[data-row]")];
    // data-keys is "p=present r=late …": the language's own letters first, so
    // that they win over the Latin ones.
    for (const pair of (this.dataset.keys ?? "").split(" ").reverse()) {
      const [key, mark] = pair.split("=");
      if (key && mark) this.keys.set(key.toLowerCase(), mark);
    }
    for (const row of this.rows) {
      const mark = markOf(row);
      this.was.set(row, mark);
      this.add(mark, 1);
    }
    this.show();
    this.form.addEventListener("change", (e) => {
      const row = (e.target as HTMLElement).closest<HTMLElement>("[data-row]");
      if (row) this.changed(row);
    });
    this.form.addEventListener("keydown", (e) => this.key(e));
    // Some input devices send the character by itself; Enter goes on, it does not send the form.
    this.form.addEventListener("keypress", (e) => {
      if (e.key === "Enter" && (e.target as HTMLElement).closest("[data-row]")) e.preventDefault();
    });
    this.form.addEventListener("submit", (e) => {
      e.preventDefault();
      const by = (e as SubmitEvent).submitter as HTMLButtonElement | null;
      if (by?.name === "rest") this.rest(by.value);
      else void this.save();
    });
    document.addEventListener("keydown", this.shortcut);
    addEventListener("beforeunload", this.guard);
    addEventListener("online", this.again);
    document.addEventListener("visibilitychange", this.again);
    void this.restore();
    void this.worker();
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.shortcut);
    removeEventListener("beforeunload", this.guard);
    removeEventListener("online", this.again);
    document.removeEventListener("visibilitychange", this.again);
  }

  // The sheet itself is kept by the service worker, until the session of the account ends.
  private async worker() {
    if (!this.dataset.account || !("serviceWorker" in navigator)) return;
    try {
      await navigator.serviceWorker.register("/sw.js");
      const seen = navigator.serviceWorker.controller !== null;
      const worker = (await navigator.serviceWorker.ready).active;
      if (!seen) worker?.postMessage({ sheet: location.pathname });
    } catch {
      // A browser that keeps nothing.
    }
  }

  private path() {
    return new URL(this.form.action).pathname;
  }

  // restore takes up what this account marked here and could not send.
  private async restore() {
    const account = this.dataset.account;
    const old = account && (await readSheet(account, this.path()).catch(() => undefined));
    if (!old) return;
    const marks = new Map(old.fields);
    for (const row of this.rows) {
      const name = row.querySelector<HTMLInputElement>("input[type=radio]")?.name;
      if (name && !row.querySelector("fieldset:disabled")) this.set(row, marks.get(name) ?? "");
    }
    // What the author saw: if somebody else has marked since, that is said, as always; once it was, saving again means it.
    const version = this.form.querySelector<HTMLInputElement>("[name=version]");
    if (version && !old.refused) version.value = marks.get("version") ?? version.value;
    this.kept = true;
    if (old.refused) this.say("failed", old.refused);
    else void this.save();
  }

  private readonly again = () => {
    if (this.kept && document.visibilityState === "visible") void this.save();
  };

  private fields(): [string, string][] {
    return [...new FormData(this.form)].filter((f): f is [string, string] => typeof f[1] === "string");
  }

  // keep puts the marks onto the device, and reports whether they lie there.
  private async keep(refused?: string): Promise<boolean> {
    const account = this.dataset.account;
    if (!account) return false;
    try {
      await writeSheet({ account, path: this.path(), fields: this.fields(), ...(refused && { refused }) });
      this.kept = true;
      this.dirty = false;
      return true;
    } catch {
      return false;
    }
  }

  private readonly shortcut = (e: KeyboardEvent) => {
    if (!(e.ctrlKey || e.metaKey) || e.altKey || e.key.toLowerCase() !== "s") return;
    e.preventDefault();
    void this.save();
  };

  private readonly guard = (e: BeforeUnloadEvent) => {
    if (this.dirty) e.preventDefault();
  };

  private key(e: KeyboardEvent) {
    const row = (e.target as HTMLElement).closest<HTMLElement>("[data-row]");
    if (!row || e.ctrlKey || e.metaKey || e.altKey) return;
    const mark = this.keys.get(e.key.toLowerCase());
    if (mark) {
      this.set(row, mark);
      this.move(row, 1);
    } else if (e.key === "ArrowDown" || e.key === "Enter") this.move(row, 1);
    else if (e.key === "ArrowUp") this.move(row, -1);
    else if (e.key === " ") this.set(row, markOf(row) === "present" ? "" : "present");
    else return;
    e.preventDefault();
  }

  private move(row: HTMLElement, step: number) {
    const next = this.rows[this.rows.indexOf(row) + step];
    if (next) focusRow(next);
    else if (step > 0) this.form.querySelector<HTMLElement>("[data-save]")?.focus();
  }

  private set(row: HTMLElement, mark: string) {
    for (const radio of row.querySelectorAll<HTMLInputElement>("input[type=radio]")) {
      radio.checked = radio.value === mark;
    }
    this.changed(row);
  }

  private rest(mark: string) {
    for (const row of this.rows) if (!markOf(row) && !row.querySelector("fieldset:disabled")) this.set(row, mark);
    this.form.querySelector<HTMLElement>("[data-save]")?.focus();
  }

  private changed(row: HTMLElement) {
    const mark = markOf(row);
    const was = this.was.get(row) ?? "";
    if (mark === was) return;
    this.was.set(row, mark);
    this.add(was, -1);
    this.add(mark, 1);
    this.show();
    this.touch();
  }

  private add(mark: string, by: number) {
    this.tally.set(mark, (this.tally.get(mark) ?? 0) + by);
  }

  private show() {
    const total = this.rows.length;
    const done = total - (this.tally.get("") ?? 0);
    for (const el of this.querySelectorAll<HTMLElement>("[data-count]")) {
      const mark = el.dataset.count!;
      if (mark === "done") el.textContent = (el.dataset.words ?? "{n}/{total}").replace("{n}", String(done)).replace("{total}", String(total));
      else el.textContent = String(this.tally.get(mark) ?? 0);
    }
    const bar = this.querySelector("progress");
    if (bar) bar.value = done;
    const rest = this.querySelector<HTMLButtonElement>("[name=rest]");
    if (rest) rest.disabled = done === total;
  }

  private touch() {
    if (!this.dirty) this.say("unsaved");
    this.dirty = true;
    if (this.kept) void this.keep().then((kept) => kept && this.say("kept"));
  }

  private say(state: "unsaved" | "saving" | "saved" | "failed" | "kept", detail?: string) {
    const el = this.querySelector<HTMLElement>("[data-state]");
    if (!el) return;
    el.dataset.state = state;
    el.textContent = detail ?? this.dataset[state] ?? "";
  }

  private async save() {
    if (this.saving) return;
    this.saving = true;
    // What is typed while the answer is on its way is unsaved again.
    this.dirty = false;
    this.say("saving");
    let status = 0;
    try {
      const answer = await fetch(this.form.action, { method: "POST", body: new URLSearchParams(this.fields()), headers: { Accept: "application/json" } });
      status = answer.status;
      if (!answer.headers.get("Content-Type")?.includes("json")) {
        // A server that answers with a page (signed out, say) shows it.
        this.form.submit();
        return;
      }
      const said: { saved?: boolean; message?: string; version?: string } = await answer.json();
      // On a conflict too: saving again says that one means it.
      const version = this.form.querySelector<HTMLInputElement>("[name=version]");
      if (version && said.version) version.value = said.version;
      if (!answer.ok || !said.saved) throw new Error(said.message);
      if (this.kept && this.dataset.account) await dropSheet(this.dataset.account, this.path());
      this.kept = false;
      if (!this.dirty) this.say("saved", said.message);
    } catch (e) {
      this.dirty = true;
      const why = e instanceof Error && !(e instanceof TypeError) && e.message ? e.message : undefined;
      // No link, signed out, or a node that cannot now: it stays here. What somebody else changed meanwhile is for people to decide.
      const stays = status === 0 || status === 401 || status >= 500 || (this.kept && status === 409);
      if (stays && (await this.keep(status === 409 ? why : undefined)) && status !== 409) this.say("kept", status === 401 ? why : undefined);
      else this.say("failed", why);
    } finally {
      this.saving = false;
    }
  }
}

function markOf(row: HTMLElement): string {
  return row.querySelector<HTMLInputElement>("input[type=radio]:checked")?.value ?? "";
}

function focusRow(row: HTMLElement) {
  const to = row.querySelector<HTMLInputElement>("input[type=radio]:checked") ?? row.querySelector<HTMLInputElement>("input[type=radio]");
  to?.focus(); // and the list follows, clear of the bar: see scroll-margin
}
customElements.define("tz-attendance", Attendance);

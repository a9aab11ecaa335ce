// Spoken instructions: those that a lab brings, and those that a trainer records on this device. Without a recording there is
// no button; without HTTPS, a microphone or the means to record there is no recorder.
import { dropVoice, readVoice, writeVoice } from "./device";
import { button, h } from "./dom";

export class Spoken {
  private sound: HTMLAudioElement | undefined;
  private into: HTMLElement | undefined;
  private icon!: (name: string) => SVGElement;
  private step = "";
  private running: MediaRecorder | undefined;
  private made: { step: string; element: HTMLElement } | undefined;

  constructor(
    private readonly lab: string,
    private readonly lang: string,
    private readonly brought: Record<string, string>,
    private readonly t: (key: string) => string,
  ) {}

  // show puts the button beside an instruction, if it was spoken.
  async show(step: string, into: HTMLElement, icon: (name: string) => SVGElement) {
    this.sound?.pause();
    if (this.sound) URL.revokeObjectURL(this.sound.src);
    this.step = step;
    this.into = into;
    this.icon = icon;
    const own = await readVoice(this.lab, this.lang, step).catch(() => undefined);
    const address = own ? URL.createObjectURL(own.sound) : this.brought[step];
    if (this.step !== step) return;
    into.querySelector(".lab-listen")?.remove();
    if (!address) return;
    const sound = (this.sound = new Audio(address));
    const listen = button(h("span", {}, icon("play"), " ", this.t("lab.listen")), () => {
      if (sound.paused) void sound.play();
      else sound.pause();
    }, { class: "btn lab-listen" });
    into.append(listen);
  }

  // recorder is for the trainer. It is the same for a step however often it is asked for, since it may be running; another step ends it.
  recorder(step: string): HTMLElement | null {
    if (!isSecureContext || typeof MediaRecorder === "undefined" || !navigator.mediaDevices) return null;
    if (this.made?.step === step) return this.made.element;
    this.running?.stop();
    this.made = { step, element: this.makeRecorder(step) };
    return this.made.element;
  }

  private makeRecorder(step: string): HTMLElement {
    const said = h("p", { class: "small", role: "status" });
    const record = button(this.t("lab.record"), async () => {
      if (this.running) return this.running.stop();
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        const parts: Blob[] = [];
        const running = (this.running = new MediaRecorder(stream));
        running.ondataavailable = (e) => parts.push(e.data);
        running.onstop = async () => {
          for (const track of stream.getTracks()) track.stop();
          const kind = running.mimeType;
          if (this.running === running) this.running = undefined;
          record.textContent = this.t("lab.record");
          try {
            await writeVoice({ lab: this.lab, lang: this.lang, step, sound: new Blob(parts, { type: kind }) });
            said.textContent = this.t("lab.recorded");
          } catch {
            said.textContent = this.t("lab.unsaved");
          }
          if (this.step === step) await this.show(step, this.into!, this.icon);
        };
        running.start();
        record.textContent = this.t("lab.record.stop");
        said.textContent = this.t("lab.recording");
      } catch {
        said.textContent = this.t("lab.record.none");
      }
    });
    const drop = button(this.t("lab.record.drop"), async () => {
      await dropVoice(this.lab, this.lang, step).catch(() => {});
      said.textContent = this.t("lab.record.dropped");
      await this.show(step, this.into!, this.icon);
    });
    return h("div", { class: "lab-record" }, h("p", { class: "small" }, this.t("lab.record.why")), h("div", { class: "btns" }, record, drop), said);
  }
}

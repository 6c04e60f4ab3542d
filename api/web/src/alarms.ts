// Open alarms at the top of the page: what is wrong with the service, and what to do about it.

import { alarmWords, inOrder } from "./alarmwords";
import { inWords, isAbort, part, type Api } from "./api";
import { announce, button, h } from "./dom";
import type { Alarm, Alarms, Who } from "./types";
import { counted, isolated, moment } from "./words";

/** An alarm that comes while the page is open must not wait for somebody to load it anew. */
const EVERY = 300_000;

interface Around {
  api: Api;
  who: () => Who | null;
  regionName: (id: string) => string | null;
  resized: () => void;
}

export class AlarmBar {
  readonly element: HTMLElement;
  private readonly sum = h("strong", { role: "status", "data-testid": "alarms-sum" });
  private readonly list = h("ul", { class: "told-list" });
  private readonly details: HTMLDetailsElement;

  constructor(private readonly around: Around) {
    this.details = h("details", {}, h("summary", {}, this.sum), this.list);
    this.element = h("section", { class: "alarms", "aria-label": "Alarms", hidden: true, "data-testid": "alarms" }, this.details);
    this.details.addEventListener("toggle", () => around.resized());
  }

  /** Load them from now on every few minutes. */
  async keepLoaded(): Promise<void> {
    window.setInterval(() => void this.load(), EVERY);
    await this.load();
  }

  private async load(): Promise<void> {
    try {
      this.show(await this.around.api.json<Alarms>("/alarms"));
    } catch (error) {
      if (isAbort(error)) return;
      this.sum.textContent = `Whether there are alarms could not be asked. ${inWords(error)}`;
      this.list.replaceChildren();
      this.reveal(true);
    }
  }

  private show(found: Alarms): void {
    const words = alarmWords(found);
    if (words !== this.sum.textContent) this.sum.textContent = words;
    this.element.classList.toggle("quiet-bar", found.items.every((one) => one.acknowledged));
    this.list.replaceChildren(...inOrder(found.items).map((one) => this.alarm(one)));
    this.reveal(words !== "");
  }

  private reveal(shown: boolean): void {
    if (this.element.hidden !== shown) return;
    this.element.hidden = !shown;
    this.around.resized();
  }

  private alarm(one: Alarm): HTMLElement {
    const { words, advice, since, regions, acknowledged, whole, severity } = one;
    const names = regions.slice(0, 5).map((id) => isolated(this.around.regionName(id) ?? id));
    const where = names.length > 0 ? ` About ${names.join(", ")}${regions.length > 5 ? ` and ${counted(regions.length - 5, "more region")}` : ""}.` : "";
    const problem = h("p", { class: "problem", role: "alert" });
    const mayAnswer = this.around.who()?.scopes.includes("watch") ?? false;
    const see = button("I see to it", () => void this.acknowledge(one, see, problem), { "data-testid": "alarm-acknowledge", "aria-label": `I see to it: ${words}` });
    return h(
      "li",
      { "data-testid": "alarm" },
      h("p", {}, h("span", { class: `stands ${acknowledged ? "waiting" : "dead"}` }, severity), " ", h("strong", {}, words), where),
      h("p", {}, `What to do: ${advice}`),
      h("p", { class: "quiet" }, `Since ${moment(since)}${whole ? "; of the whole installation" : ""}${acknowledged ? `; somebody sees to it since ${moment(acknowledged)}` : ""}.`),
      !acknowledged && mayAnswer && see,
      problem,
    );
  }

  private async acknowledge(one: Alarm, pressed: HTMLButtonElement, problem: HTMLElement): Promise<void> {
    pressed.disabled = true;
    problem.textContent = "";
    try {
      await this.around.api.json<Alarm>(`/alarms/${part(one.id)}/acknowledge`, { method: "POST" });
      announce("It is noted that you see to it.");
      await this.load();
      this.details.querySelector("summary")?.focus();
    } catch (error) {
      problem.textContent = inWords(error);
      pressed.disabled = false;
    }
  }
}

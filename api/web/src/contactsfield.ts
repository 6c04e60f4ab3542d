// The contacts of a responder, in the order in which they are told.

import { standingOf, standingWords } from "./alertwords";
import { announce, button, field, h } from "./dom";
import { select } from "./receiverform";
import type { Receiver } from "./types";
import { isolated } from "./words";

const MOST = 20;

export class ContactsField {
  readonly element: HTMLElement;
  private readonly list = h("ol", { class: "plain numbered contacts", "data-testid": "contacts" });
  private readonly none = h("p", { class: "hint" }, "None yet: nobody is told.");
  private readonly choice = select([["", ""]], { "data-testid": "contact-choice" });
  private readonly add = button("Add", () => this.take(), { "data-testid": "contact-add" });
  private readonly hint = "A receiver that has no subscription of its own and is a contact of nobody else.";
  private receivers: readonly Receiver[] = [];
  private free: readonly Receiver[] = [];

  constructor(private ids: string[]) {
    this.element = h(
      "fieldset",
      { class: "choice" },
      h("legend", {}, "Contacts, in the order in which they are told"),
      this.list,
      this.none,
      field("Another contact", this.choice, this.hint),
      h("div", { class: "row" }, this.add),
    );
  }

  /** All receivers, and those of them that are free to be contacts. */
  offer(receivers: readonly Receiver[], free: readonly Receiver[]): void {
    [this.receivers, this.free] = [receivers, free];
    this.show();
  }

  get value(): string[] {
    return [...this.ids];
  }

  get chosen(): (Receiver | undefined)[] {
    return this.ids.map((id) => this.receivers.find((one) => one.id === id));
  }

  private show(): void {
    this.list.replaceChildren(...this.ids.map((id, at) => this.row(id, at)));
    this.none.hidden = this.ids.length > 0;
    const left = this.free.filter((one) => !this.ids.includes(one.id));
    const kept = this.choice.value;
    const first = h("option", { value: "" }, left.length > 0 ? "Choose a receiver" : "There is no other such receiver");
    this.choice.replaceChildren(first, ...left.map((one) => h("option", { value: one.id }, `${isolated(one.name)}${standingOf(one) === "on" ? "" : ` (${standingWords(one)[0].toLowerCase()})`}`)));
    this.choice.value = left.some((one) => one.id === kept) ? kept : "";
    this.choice.disabled = this.add.disabled = left.length === 0 || this.ids.length >= MOST;
  }

  private row(id: string, at: number): HTMLElement {
    const found = this.receivers.find((one) => one.id === id);
    const name = isolated(found?.name ?? id);
    const act = (label: string, testid: string, off: boolean, run: () => void): HTMLElement => button(label, run, { class: "link", "data-testid": testid, "aria-label": `${label}: ${name}`, disabled: off });
    return h(
      "li",
      { "data-testid": "contact" },
      h("bdi", {}, found?.name ?? id),
      found && standingOf(found) !== "on" ? h("span", { class: "paused" }, ` ${standingWords(found)[0]}.`) : null,
      " ",
      act("Earlier", "contact-earlier", at === 0, () => this.move(at, at - 1, "contact-earlier")),
      " ",
      act("Later", "contact-later", at === this.ids.length - 1, () => this.move(at, at + 1, "contact-later")),
      " ",
      act("Take out", "contact-out", false, () => this.out(at)),
    );
  }

  private take(): void {
    const { value } = this.choice;
    if (!value) return;
    this.ids = [...this.ids, value];
    this.changed("Added");
    this.choice.focus();
  }

  private out(at: number): void {
    this.ids = this.ids.filter((_, place) => place !== at);
    this.changed("Taken out");
    this.choice.focus();
  }

  private move(from: number, to: number, testid: string): void {
    const ids = [...this.ids];
    ids.splice(to, 0, ...ids.splice(from, 1));
    this.ids = ids;
    this.changed(`Number ${to + 1} now`);
    const acts = this.list.children[to]?.querySelectorAll<HTMLButtonElement>("button:not(:disabled)") ?? [];
    ([...acts].find((one) => one.dataset["testid"] === testid) ?? acts[0])?.focus();
  }

  private changed(words: string): void {
    this.show();
    announce(words);
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// Messages over the page: what failed, and a way to try it again.

import { inWords, isAbort } from "./api";
import { button, h } from "./dom";

const NOTE_STAYS = 15_000;

export class Messages {
  readonly element = h("div", { class: "messages", role: "region", "aria-label": "Messages" });
  private readonly shown = new Map<string, HTMLElement>();

  /** Show a message in place of an older one on the same matter. */
  show(about: string, text: string, retry?: () => void, kind: "problem" | "note" = "problem"): void {
    this.clear(about);
    const message = h(
      "div",
      {
        class: `message ${kind}`,
        role: kind === "problem" ? "alert" : "status",
        "data-testid": "message",
      },
      h("p", {}, text),
      retry &&
        button("Retry", () => {
          this.clear(about);
          retry();
        }),
      button("Close", () => this.clear(about), { "aria-label": "Close this message" }),
    );
    this.shown.set(about, message);
    this.element.append(message);
  }

  /** Show what went wrong, unless it was called off. */
  failed(about: string, what: string, error: unknown, retry?: () => void): void {
    if (isAbort(error)) return;
    this.show(about, `${what} ${inWords(error)}`, retry);
  }

  note(about: string, text: string): void {
    this.show(about, text, undefined, "note");
    const shown = this.shown.get(about);
    window.setTimeout(() => {
      if (shown && this.shown.get(about) === shown && !shown.contains(document.activeElement))
        this.clear(about);
    }, NOTE_STAYS);
  }

  clear(about: string): void {
    this.shown.get(about)?.remove();
    this.shown.delete(about);
  }
}

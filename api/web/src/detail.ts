// The panel on the right: one event or one region. A later choice always wins.

import { Problem, inWords, isAbort } from "./api";
import { announce, button, h, phone } from "./dom";
import { modeBanner } from "./mode";
import type { Selection } from "./state";
import type { Mode } from "./types";
import { modeWord } from "./words";

/** What a panel is filled with; `leave` is called before another takes its place. */
export interface Content {
  title: string;
  mode: Mode;
  body: Node[];
  leave?: () => void;
  refresh?: () => void;
}

type Open = (id: string, signal: AbortSignal) => Promise<Content>;

interface Around {
  event: Open;
  region: Open;
  close: () => void;
  /** Where the focus goes back to. */
  back: (selection: Exclude<Selection, null>) => void;
  resized: () => void;
}

export class Detail {
  readonly element: HTMLElement;
  readonly heading = h("h2", { tabindex: -1, id: "detail-heading" });
  private readonly banner = h("div", { class: "detail-mode" });
  private readonly body = h("div", { class: "detail-body" });
  private opening: AbortController | null = null;
  private content: Content | null = null;
  private shown: Selection = null;

  constructor(private readonly around: Around) {
    const close = button("Close", () => this.around.close(), { "data-testid": "detail-close" });
    this.element = h(
      "aside",
      { class: "detail", "aria-labelledby": this.heading.id, "data-testid": "detail", hidden: true, id: "detail" },
      h("div", { class: "detail-head" }, this.banner, this.heading, close),
      this.body,
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.around.close();
    });
  }

  /** Show what is selected; `focus` moves the focus to its heading. */
  async show(selection: Selection, focus: boolean): Promise<void> {
    this.opening?.abort();
    this.content?.leave?.();
    this.content = null;
    this.banner.replaceChildren();
    const before = this.shown;
    this.shown = selection;
    if (!selection) {
      this.opening = null;
      this.body.replaceChildren();
      const had = this.element.contains(document.activeElement) || document.activeElement === document.body;
      this.element.hidden = true;
      this.around.resized();
      if (before && had) this.around.back(before);
      return;
    }
    const opening = new AbortController();
    this.opening = opening;
    this.element.hidden = false;
    this.around.resized();
    this.heading.textContent = selection.what === "event" ? "Event" : "Region";
    this.body.replaceChildren(h("p", { class: "wait" }, "Loading."));
    this.element.scrollTop = 0;
    if (focus) this.heading.focus();
    this.reveal();
    try {
      const open = selection.what === "event" ? this.around.event : this.around.region;
      const content = await open(selection.id, opening.signal);
      if (opening.signal.aborted) {
        content.leave?.();
        return;
      }
      this.content = content;
      this.heading.replaceChildren(h("bdi", {}, content.title));
      this.banner.replaceChildren(...[modeBanner(content.mode)].filter((one) => one !== null));
      this.body.replaceChildren(...content.body);
      this.reveal();
      announce([modeWord(content.mode), content.title].filter(Boolean).join(": "));
    } catch (error) {
      if (isAbort(error) || opening.signal.aborted) return;
      const gone = error instanceof Problem && error.status === 404;
      this.body.replaceChildren(
        h(
          "p",
          { class: "problem", role: "alert" },
          gone
            ? `There is no ${selection.what} with this id here. It may have been removed, or your key may not show it.`
            : inWords(error),
        ),
        gone ? "" : button("Retry", () => void this.show(selection, true)),
      );
    }
  }

  /** On a phone the panel is below the map: bring its beginning into sight. */
  private reveal(): void {
    if (phone()) this.element.scrollIntoView({ block: "start" });
  }

  refresh(): void {
    this.content?.refresh?.();
  }
}

/** A part of the panel that loads by itself, and fails by itself. */
export function section<T>(
  title: string,
  load: () => Promise<T>,
  fill: (value: T) => (Node | string)[],
): HTMLElement {
  return block(title, loading(load, fill));
}

/** The same without a title. */
export function loading<T>(load: () => Promise<T>, fill: (value: T) => (Node | string)[]): HTMLElement {
  const body = h("div", {}, h("p", { class: "wait" }, "Loading."));
  const run = async (): Promise<void> => {
    body.replaceChildren(h("p", { class: "wait" }, "Loading."));
    try {
      body.replaceChildren(...fill(await load()));
    } catch (error) {
      if (isAbort(error)) return;
      body.replaceChildren(
        h("p", { class: "problem", role: "alert" }, inWords(error)),
        button("Retry", () => void run()),
      );
    }
  };
  void run();
  return body;
}

export function block(title: string, ...children: (Node | string)[]): HTMLElement {
  return h("section", { class: "block" }, h("h3", {}, title), ...children);
}

// The dialog before an act: what it does, what it needs, and what went wrong with it.

import { Problem, Unreachable, inWords, isAbort } from "./api";
import { button, h, uid } from "./dom";

/** Answers after which the server may have done what it was asked for. */
const UNSURE = new Set([500, 502, 503, 504]);

export interface Asking<T> {
  title: string;
  /** What the act does and what it does not, as it is filled in now. */
  effects: () => readonly string[];
  fields: HTMLElement[];
  /** What the button says that does it. */
  yes: string;
  danger?: boolean;
  /** What is missing yet, in words; null where nothing is. */
  missing: () => string | null;
  send: (signal: AbortSignal) => Promise<T>;
}

/** Ask, and do it; what the server answered, or null where it was left. */
export function ask<T>(asking: Asking<T>): Promise<T | null> {
  return new Promise((resolve) => {
    let taken: T | null = null;
    let sending: AbortController | null = null;
    const title = h("h2", { id: uid("title") }, asking.title);
    const effects = h("ul", { class: "effects", id: uid("effects"), "data-testid": "ask-effects" });
    const problem = h("p", { class: "problem", role: "alert", "data-testid": "ask-problem" });
    const submit = h(
      "button",
      { type: "submit", class: asking.danger ? "danger" : "primary", "data-testid": "ask-yes" },
      asking.yes,
    );
    const cancel = button("Cancel", () => dialog.close(), { "data-testid": "ask-cancel" });
    const form = h(
      "form",
      { novalidate: true },
      title,
      effects,
      ...asking.fields,
      problem,
      h("div", { class: "row end" }, cancel, submit),
    );
    const dialog = h(
      "dialog",
      { class: "dialog say", "aria-labelledby": title.id, "aria-describedby": effects.id, "data-testid": "ask-dialog" },
      form,
    );
    const tell = (): void => effects.replaceChildren(...asking.effects().map((one) => h("li", {}, one)));
    const send = async (): Promise<void> => {
      const lacks = asking.missing();
      problem.textContent = lacks ?? "";
      if (lacks || sending) return;
      sending = new AbortController();
      submit.disabled = true;
      try {
        taken = await asking.send(sending.signal);
        dialog.close();
      } catch (error) {
        if (!isAbort(error)) problem.textContent = failure(error);
      } finally {
        sending = null;
        submit.disabled = false;
      }
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send();
    });
    form.addEventListener("input", () => {
      problem.textContent = "";
      tell();
    });
    dialog.addEventListener("close", () => {
      sending?.abort();
      dialog.remove();
      resolve(taken);
    });
    tell();
    document.body.append(dialog);
    dialog.showModal();
    // Where nothing is to be filled in the first key pressed must not do it.
    (form.querySelector<HTMLElement>("select, input, textarea") ?? cancel).focus();
  });
}

/** What went wrong with an act, and whether it may have been done all the same. */
export function failure(error: unknown): string {
  const unsure = error instanceof Unreachable || (error instanceof Problem && UNSURE.has(error.status));
  const first = unsure ? "Whether it was taken in is not known." : "It was not taken in.";
  const faults = error instanceof Problem ? error.faults.map(({ problem }) => problem) : [];
  const what = [inWords(error), ...faults].join(" ");
  return `${first} ${what} What you entered is still here: try again, or cancel.`;
}

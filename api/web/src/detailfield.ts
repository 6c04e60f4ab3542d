// How much somebody is told: every level with what it tells.

import { DETAILS } from "./alertwords";
import { h, uid } from "./dom";
import type { Disclosure, Who } from "./types";
import { yours } from "./words";

export class DetailField {
  readonly element: HTMLElement;
  private readonly levels = new Map<Disclosure, HTMLInputElement>();

  /** A level that somebody may not choose says so. */
  constructor(title: string, who: Who, before: Disclosure) {
    const name = uid("detail");
    this.element = h("fieldset", { class: "choice" }, h("legend", {}, title));
    for (const [level, { name: called, tells, needs }] of Object.entries(DETAILS)) {
      const may = who.scopes.includes(needs);
      const radio = h("input", { type: "radio", name, value: level, disabled: !may, "data-testid": `detail-${level}` });
      radio.checked = level === before;
      this.levels.set(level as Disclosure, radio);
      const lacks = may ? "" : ` ${yours(who)} may not choose this.`;
      this.element.append(h("label", { class: "check" }, radio, h("span", {}, h("strong", {}, `${called}: `), tells, lacks)));
    }
  }

  get value(): Disclosure {
    const chosen = [...this.levels].find(([, radio]) => radio.checked);
    return chosen ? chosen[0] : "notice";
  }
}

// Of one event, region or settlement: who else is told, what holds it, and what was asked for.

import type { Api } from "./api";
import { askErasure, askRelease, setHold, type Thing } from "./acts";
import { courseNow, type Course } from "./course";
import { block, loading } from "./detail";
import { button, h } from "./dom";
import type { Who } from "./types";
import { AUDIENCES, erasureState, nameOf, releaseState } from "./twopeoplewords";
import { moment } from "./words";

interface Around {
  api: Api;
  who: Who;
  /** Something was asked for or set; the words say what. */
  changed: (words: string) => void;
  decide: () => void;
}

/** The part of a panel about one thing; `event` is its id where others can be told of it. */
export function othersBlock(title: string, things: readonly Thing[], event: string | null, signal: AbortSignal, around: Around): HTMLElement {
  const { api, who } = around;
  const part = loading(
    () => courseNow(api, signal),
    (course) => [standing(things, course, around), acts()],
  );
  const acts = (): HTMLElement => {
    const group = h("div", { class: "row acts", role: "group", "aria-label": title });
    const then = (words: string) => (done: unknown) => {
      if (!done) return;
      around.changed(words);
      again();
    };
    if (event) group.append(button("Ask to tell others", () => void askRelease(api, event).then(then("Asked for: another person has to agree.")), { "data-testid": "ask-release" }));
    group.append(button("Set a legal hold", () => void setHold(api, things).then(then("The hold is in force.")), { "data-testid": "set-hold" }));
    if (who.person !== null)
      group.append(button("Ask to erase", () => void askErasure(api, things).then(then("Asked for: an administrator, another person, has to agree.")), { class: "danger", "data-testid": "ask-erasure" }));
    return group;
  };
  const whole = block(title, part);
  const again = (): void => {
    const next = othersBlock(title, things, event, signal, around);
    whole.replaceWith(next);
    next.querySelector("button")?.focus();
  };
  whole.dataset["testid"] = "others";
  return whole;
}

/** What stands or waits that is about any of the things. */
function standing(things: readonly Thing[], { releases, erasures, holds, names }: Course, { decide }: Around): HTMLElement {
  const about = (what: string, id: string | null): Thing | undefined => things.find((one) => one.what === what && one.id === id);
  const lines: (Node | string)[][] = [];
  for (const one of releases)
    if (about("event", one.event) && one.ended === null && (one.outcome === "open" || one.outcome === "agreed"))
      lines.push([`To tell ${AUDIENCES[one.audience]}, asked for by `, name(one.asked_by, names), `: ${releaseState(one, names)}.`]);
  for (const one of erasures)
    if (about(one.what, one.subject) && one.outcome === "open")
      lines.push([`To erase the ${one.what}, asked for by `, name(one.asked_by, names), `: ${erasureState(one, names)}.`]);
  for (const one of holds)
    if ((one.what === "all" || about(one.what, one.subject)) && one.lifted === null)
      lines.push([`Under a legal hold on ${one.what === "all" ? "everything" : `the ${one.what}`}, set by `, name(one.set_by, names), ` ${moment(one.set)}.`]);
  if (lines.length === 0) return h("p", { "data-testid": "others-none" }, things.some((one) => one.what === "event") ? "Nobody else is told of it, no hold is in force, and nothing waits." : "No hold is in force, and nothing waits.");
  return h(
    "div",
    {},
    h("ul", { class: "plain", "data-testid": "others-standing" }, ...lines.map((line) => h("li", {}, ...line))),
    button("Decide or take back", decide, { class: "link", "data-testid": "others-decide" }),
  );
}

const name = (id: string, names: Record<string, string>): HTMLElement => h("bdi", {}, nameOf(id, names));

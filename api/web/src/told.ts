// Of one event: who was told what of it, in which message, and whether that arrived.

import { CHANNELS, DETAILS, actWords, arrivedWords, toldWords } from "./alertwords";
import { path, type Api } from "./api";
import { block, loading } from "./detail";
import { button, h } from "./dom";
import type { AlertTold } from "./types";
import { isolated, moment } from "./words";

/** Receivers shown at once. */
const AT_ONCE = 20;

export function toldBlock(api: Api, event: string, signal: AbortSignal, showMessage: (id: string) => void): { element: HTMLElement; refresh: () => void } {
  const filled = (): HTMLElement =>
    loading(
      () => api.json<{ items: AlertTold[] }>(path("/alerts", { event }), { signal }),
      ({ items }) => (items.length > 0 ? told(items, showMessage) : [h("p", { "data-testid": "told-none" }, "Nobody was told of it by an alert.")]),
    );
  const holder = h("div", {}, filled());
  const element = block("Who was told by alerts", holder);
  element.dataset["testid"] = "event-told";
  return { element, refresh: () => holder.replaceChildren(filled()) };
}

function told(alerts: readonly AlertTold[], showMessage: (id: string) => void): HTMLElement[] {
  const of = new Map<string, AlertTold[]>();
  for (const one of alerts) of.set(one.receiver, [...(of.get(one.receiver) ?? []), one]);
  // Those who do not have the newest of it come first.
  const lacking = ([newest]: AlertTold[]): number => (newest?.state === "delivered" ? 1 : 0);
  const every = [...of.values()].map((theirs) => theirs.toReversed()).sort((one, other) => lacking(one) - lacking(other));
  const list = h("ul", { class: "told-list", "data-testid": "told-list" });
  const put = (some: AlertTold[][]): void => list.append(...some.map((theirs) => receiver(theirs, showMessage)));
  put(every.slice(0, AT_ONCE));
  const more = button(`Show all ${every.length} receivers`, () => {
    put(every.slice(AT_ONCE));
    more.remove();
  });
  more.hidden = every.length <= AT_ONCE;
  return [h("p", { "data-testid": "told-sum" }, toldWords(alerts)), list, more];
}

/** What one receiver was told, the newest first. */
function receiver(alerts: readonly AlertTold[], showMessage: (id: string) => void): HTMLElement {
  const [newest] = alerts;
  if (!newest) return h("li", {});
  const { receiver_name: name, channel, detail } = newest;
  const lines = alerts.map((one) => line(one, showMessage));
  const earlier = lines.slice(1);
  return h(
    "li",
    { "data-testid": "told-receiver" },
    h("p", {}, h("strong", {}, h("bdi", {}, name)), h("span", { class: "quiet" }, ` ${CHANNELS[channel]?.name ?? channel}, told: ${(DETAILS[detail]?.name ?? detail).toLowerCase()}`)),
    lines[0],
    earlier.length > 0 ? h("details", {}, h("summary", {}, `Told before (${earlier.length})`), ...earlier) : null,
  );
}

function line(alert: AlertTold, showMessage: (id: string) => void): HTMLElement {
  const { message, state, made, receiver_name: name } = alert;
  const stands = state ?? "waiting";
  return h(
    "p",
    { class: "told-line" },
    h("span", { class: `stands ${stands}` }, { delivered: "Delivered", waiting: "Waits", dead: "Given up" }[stands]),
    h("span", {}, ` ${actWords(alert)}, ${moment(made)}: ${arrivedWords(alert)}. `),
    message && button("Show the message", () => showMessage(message), { class: "link", "data-testid": "told-message", "aria-label": `Show the message to ${isolated(name)}` }),
  );
}

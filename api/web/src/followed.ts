// The ledger of a watch that follows settlements, one settlement at a time.

import { field, h } from "./dom";
import type { Followed } from "./types";
import { counted, day, placeWords } from "./words";

/** A choice of settlements over the ledger of the one chosen. */
export function settlements(
  followed: readonly Followed[],
  first: string | null,
  ledgerOf: (settlement: string) => HTMLElement,
): HTMLElement {
  const holder = h("div", {});
  const select = h(
    "select",
    { "data-testid": "ledger-settlement" },
    ...followed.map((one) => h("option", { value: one.settlement }, `${placeWords(one)}: ${seen(one)}`)),
  );
  const show = (): void => holder.replaceChildren(ledgerOf(select.value));
  if (first !== null && followed.some((one) => one.settlement === first)) select.value = first;
  select.addEventListener("change", show);
  show();
  return h(
    "div",
    { class: "followed" },
    h("p", { "data-testid": "ledger-followed" }, summary(followed)),
    field("Settlement", select, followed.length > 1 ? "The one seen longest ago comes first." : undefined),
    holder,
  );
}

const seen = ({ last_usable_look: last }: Followed): string => (last ? `last seen ${day(last)}` : "never seen");

function summary(followed: readonly Followed[]): string {
  const never = followed.filter((one) => one.last_usable_look === null).length;
  const several = followed.length > 1;
  const watched = `${counted(followed.length, "settlement")} ${several ? "are followed, each with a ledger of its own" : "is followed"}`;
  return never > 0 ? `${watched}; of ${counted(never, "settlement")} no look was usable.` : `${watched}.`;
}

// The ledger of a region as a strip: one cell per look, and what each one could see.

import { button, h, uid } from "./dom";
import { longestGap, looksOf, type Look } from "./looks";
import type { LedgerRow } from "./types";
import { counted, day, daysBetween, marks, twoDays } from "./words";

/** Show the picture of a look on the map; looks without one are not offered. */
export interface Pictures {
  has: (acquisition: string) => boolean;
  show: (look: Look) => void;
}

export function ledger(rows: readonly LedgerRow[], pictures: Pictures): HTMLElement {
  const looks = looksOf(rows);
  const element = h("div", { class: "ledger" });
  if (looks.length === 0) {
    element.append(h("p", {}, "No look was expected or taken yet, so nothing can be said of this ground."));
    return element;
  }
  const live = h("p", { class: "ledger-live", "aria-live": "polite", id: uid("live") }, "Choose a look, or move along with the arrow keys.");
  const show = button("Show this look on the map", () => {}, { "data-testid": "show-look" });
  show.disabled = true;
  element.append(summary(looks), legend(looks), strip(looks, live, show, pictures), live, h("div", {}, show));
  return element;
}

function summary(looks: readonly Look[]): HTMLElement {
  const usable = looks.filter((look) => look.usable);
  const gap = longestGap(looks);
  const last = usable.at(-1);
  return h(
    "p",
    { class: "gap", "data-testid": "ledger-gap" },
    gap
      ? `The longest time without a usable look was ${counted(daysBetween(gap.start, gap.end), "day")}, ${twoDays(gap.start, gap.end, " to ")}. `
      : "There are fewer than two usable looks, so no change could be told from no change. ",
    last ? `The last usable look is of ${day(last.sensed)}. ` : "",
    `${usable.length} of ${counted(looks.length, "look")} were usable.`,
  );
}

function legend(looks: readonly Look[]): HTMLElement {
  const counts = new Map<string, number>();
  for (const { mark } of looks) counts.set(mark.key, (counts.get(mark.key) ?? 0) + 1);
  const list = h("ul", { class: "ledger-legend", "aria-label": "Legend" });
  for (const mark of marks()) {
    const count = counts.get(mark.key);
    if (!count) continue;
    list.append(
      h(
        "li",
        {},
        h("span", { class: `look ${mark.key}`, "aria-hidden": "true" }, mark.letter),
        `${mark.words} (${count})`,
      ),
    );
  }
  return list;
}

function strip(
  looks: readonly Look[],
  live: HTMLElement,
  show: HTMLButtonElement,
  pictures: Pictures,
): HTMLElement {
  const element = h("div", {
    class: "strip",
    role: "group",
    "aria-label": `Looks by date, ${counted(looks.length, "look")}. The arrow keys move along.`,
    "data-testid": "ledger-strip",
  });
  const cells: HTMLButtonElement[] = [];
  let current = looks.length - 1;
  let year = "";
  let row: HTMLElement | null = null;
  const select = (index: number, focus: boolean): void => {
    const look = looks[index];
    const cell = cells[index];
    if (!look || !cell) return;
    const before = cells[current];
    before?.setAttribute("tabindex", "-1");
    before?.removeAttribute("aria-pressed");
    current = index;
    cell.tabIndex = 0;
    cell.setAttribute("aria-pressed", "true");
    if (focus) cell.focus();
    live.textContent = `${day(look.sensed)}: ${look.words}`;
    const { acquisition } = look;
    show.disabled = !acquisition || !pictures.has(acquisition);
    show.onclick = () => pictures.show(look);
  };
  looks.forEach((look, index) => {
    const itsYear = look.sensed.slice(0, 4);
    if (itsYear !== year || !row) {
      year = itsYear;
      row = h("div", { class: "strip-cells" });
      element.append(h("div", { class: "strip-year" }, h("span", { "aria-hidden": "true" }, year), row));
    }
    const cell = button(look.mark.letter, () => select(index, false), {
      class: `look ${look.mark.key}`,
      tabindex: index === current ? 0 : -1,
      "aria-label": `${day(look.sensed)}, ${look.mark.words}`,
      title: `${day(look.sensed)}: ${look.words}`,
      "data-testid": "ledger-look",
      "data-status": look.mark.key,
    });
    cell.addEventListener("focus", () => {
      if (index !== current || !cell.hasAttribute("aria-pressed")) select(index, false);
    });
    cells.push(cell);
    row.append(cell);
  });
  element.addEventListener("keydown", (event) => {
    const to: Record<string, number> = {
      ArrowRight: current + 1,
      ArrowLeft: current - 1,
      ArrowDown: neighbour(cells, current, 1),
      ArrowUp: neighbour(cells, current, -1),
      Home: 0,
      End: looks.length - 1,
    };
    const next = to[event.key];
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    select(Math.min(looks.length - 1, Math.max(0, next)), true);
  });
  return element;
}

/** The cell above or below. */
function neighbour(cells: readonly HTMLElement[], from: number, direction: 1 | -1): number {
  const start = cells[from]?.getBoundingClientRect();
  if (!start) return from;
  let best = from;
  let least = Infinity;
  let line: number | null = null;
  for (let i = from + direction; i >= 0 && i < cells.length; i += direction) {
    const box = cells[i]?.getBoundingClientRect();
    if (!box || Math.abs(box.top - start.top) < 2) continue;
    line ??= box.top;
    if (Math.abs(box.top - line) > 2) break;
    const away = Math.abs(box.left - start.left);
    if (away < least) {
      least = away;
      best = i;
    }
  }
  return best;
}

// What is not about the world says so, in letters nobody can overlook.

import { h } from "./dom";
import type { Mode } from "./types";
import { modeWord } from "./words";

const MEANING: Record<Exclude<Mode, "actual">, string> = {
  exercise: "Nothing here happened: it was put into copies of pictures, to practise.",
  test: "Nothing here is about the world: it is kept to try the service.",
};

/** For a line of a list or a picture. */
export function modeBadge(mode: Mode): HTMLElement | null {
  return mode === "actual" ? null : h("strong", { class: `mode ${mode}`, "data-testid": "mode-badge" }, modeWord(mode));
}

/** For the head of a panel. */
export function modeBanner(mode: Mode): HTMLElement | null {
  if (mode === "actual") return null;
  return h(
    "p",
    { class: `mode-banner ${mode}`, "data-testid": "mode-banner" },
    h("strong", {}, modeWord(mode)),
    h("span", {}, MEANING[mode]),
  );
}

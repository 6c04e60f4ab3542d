// How a region is being read now: where it is less than all, that is said in words.

import { h } from "./dom";
import type { RegionImagery } from "./types";
import { blindWords, capital, sightOf } from "./words";

/** For a line of a list or, large, a panel; nothing where all is read. */
export function imageryNotice(imagery: RegionImagery | null, large = false): HTMLElement | null {
  const sight = sightOf(imagery);
  if (!imagery || sight === "full") return null;
  const blind = sight === "blind";
  return h(
    "span",
    { class: ["notice", sight, large && "large"].filter(Boolean).join(" "), "data-testid": "imagery-notice" },
    blind && h("strong", {}, blindWords(imagery.blind_since), " "),
    h("span", {}, capital(blind ? imagery.why : imagery.words)),
  );
}

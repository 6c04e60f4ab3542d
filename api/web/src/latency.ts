// How long alerts of one region take: the whole, and each section on request.

import { path, type Api } from "./api";
import { section } from "./detail";
import { facts, h } from "./dom";
import type { RegionLatency, SectionTook } from "./types";
import { counted } from "./words";
import { sectionWords, tookWords } from "./latencywords";

const WHOLE = ["told", "answered"];

/** How long alerts of a region take, loaded when it is shown. */
export function latencyBlock(api: Api, route: string, signal: AbortSignal): HTMLElement {
  const made = section(
    "How long alerts take",
    () => api.json<RegionLatency>(path(`${route}/latency`, {}), { signal }),
    (found) => {
      if (found.alerts === 0) return [h("p", { class: "quiet" }, "Nobody was alerted of anything here in the last 90 days.")];
      const parts = found.sections.filter((one) => !WHOLE.includes(one.section));
      return [
        h("p", { class: "quiet" }, `${counted(found.alerts, "alert")} of real events in the last 90 days. “Or longer”: some have not arrived yet.`),
        list(found.sections.filter((one) => WHOLE.includes(one.section))),
        h("details", {}, h("summary", {}, "Step by step"), list(parts)),
      ];
    },
  );
  made.dataset.testid = "latency";
  return made;
}

function list(sections: readonly SectionTook[]): HTMLElement {
  return facts(...sections.map((one): [string, string] => [sectionWords(one.section), tookWords(one)]));
}

// A watch that goes beyond a limit waits: it says so, and may be confirmed here.

import { inWords, part, type Api } from "./api";
import { announce, button, h } from "./dom";
import type { Region } from "./types";

/** The notice of a region that waits for confirmation; null of one that does not. */
export function waitingNotice(api: Api, region: Region, mayWatch: boolean, changed: () => void): HTMLElement | null {
  const words = region.properties.waiting;
  if (!words) return null;
  const problem = h("p", { role: "alert" });
  const confirm = button("Confirm the watch", () => void send(), { class: "primary", "data-testid": "confirm-watch" });
  const send = async (): Promise<void> => {
    confirm.disabled = true;
    try {
      await api.json<Region>(`/regions/${part(region.properties.id)}/confirm`, { method: "POST" });
      announce("The watch is confirmed");
      changed();
    } catch (error) {
      problem.textContent = inWords(error);
      confirm.disabled = false;
    }
  };
  return h(
    "div",
    { class: "notice", "data-testid": "waiting" },
    h("p", {}, `Not watched yet: ${words}.${mayWatch ? " Before you confirm it, it can be tried on the past, below." : ""}`),
    mayWatch && confirm,
    problem,
  );
}

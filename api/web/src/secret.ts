// A new secret, shown once: afterwards nobody can read it any more.

import { CHANNELS } from "./alertwords";
import { announce, button, field, h, uid } from "./dom";
import type { Channel } from "./types";

/** Show a secret until whoever reads it says that they kept it. */
export function showSecret(name: string, channel: Channel, secret: string): Promise<void> {
  return new Promise((resolve) => {
    const title = h("h2", { id: uid("title") }, "The new secret of ", h("bdi", {}, name));
    const words = h("p", { id: uid("words") }, CHANNELS[channel].secret);
    const value = h("input", { type: "text", readonly: true, class: "secret", spellcheck: "false", autocomplete: "off", "data-testid": "secret-value" });
    value.value = secret;
    value.addEventListener("focus", () => value.select());
    const copied = (): void => {
      copy.textContent = "Copied";
      announce("Copied");
    };
    const copy = button("Copy", () => void navigator.clipboard.writeText(secret).then(copied, () => value.focus()), { "data-testid": "secret-copy" });
    // There is none where the page came without encryption.
    copy.hidden = !("clipboard" in navigator);
    const kept = button("I have kept it", () => dialog.close(), { class: "primary", "data-testid": "secret-kept" });
    const dialog = h(
      "dialog",
      { class: "dialog say", "aria-labelledby": title.id, "aria-describedby": words.id, "data-testid": "secret-dialog" },
      title,
      words,
      field("Secret", value, "Keep it now: it is shown this once. Where it is lost, a new one can be made."),
      h("div", { class: "row end" }, copy, kept),
    );
    // One key too many must not lose it.
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => {
      value.value = "";
      dialog.remove();
      resolve();
    });
    document.body.append(dialog);
    dialog.showModal();
    value.focus();
  });
}

// The dialog that asks for the API key.

import { inWords, problemOf, send, type AskForKey } from "./api";
import { field, h, uid } from "./dom";
import type { Who } from "./types";

/** Whom the last accepted key belongs to. */
export type OnAccepted = (who: Who) => void;

export function keyDialog(onAccepted: OnAccepted): AskForKey {
  return (reason) =>
    new Promise((resolve) => {
      const title = h("h2", { id: uid("title") }, "API key");
      const input = h("input", {
        type: "password",
        name: "key",
        required: true,
        autocomplete: "off",
        spellcheck: "false",
        "data-testid": "key-input",
      });
      const problem = h("p", { class: "problem", role: "alert" }, reason);
      const submit = h("button", { type: "submit", class: "primary" }, "Use this key");
      const form = h(
        "form",
        { novalidate: true },
        title,
        h(
          "p",
          {},
          "It is kept in this tab until you close it or choose Forget key, and is sent to this server only.",
        ),
        field("API key", input, "It starts with hw_. Whoever runs the server hands it out."),
        problem,
        h("div", { class: "row end" }, submit),
      );
      const dialog = h(
        "dialog",
        { class: "dialog", "aria-labelledby": title.id, "data-testid": "key-dialog", closedby: "none" },
        form,
      );
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      // Chromium closes on a second Escape whatever the first was told.
      dialog.addEventListener("close", () => {
        if (dialog.isConnected) dialog.showModal();
      });
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const key = input.value.trim();
        if (!/^[\x21-\x7e]+$/.test(key)) {
          problem.textContent = key
            ? "A key has only letters, digits and signs, and no spaces."
            : "Enter a key.";
          input.focus();
          return;
        }
        submit.disabled = true;
        problem.textContent = "";
        void accepted(key).then(
          (who) => {
            dialog.remove();
            onAccepted(who);
            resolve(key);
          },
          (error: unknown) => {
            submit.disabled = false;
            problem.textContent = inWords(error);
            input.focus();
            input.select();
          },
        );
      });
      document.body.append(dialog);
      dialog.showModal();
      input.focus();
    });
}

async function accepted(key: string): Promise<Who> {
  const response = await send("/whoami", key);
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as Who;
}

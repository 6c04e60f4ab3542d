// The dialog of somebody signed in: who they are, where they are signed in, another password.

import { inWords, part, type Api } from "./api";
import { announce, button, facts, field, h, uid } from "./dom";
import type { Sessions, SignedIn, Who } from "./types";
import { capital } from "./words";

interface Around {
  api: Api;
  who: Who;
  signOut: () => void;
}

export function accountDialog({ api, who, signOut }: Around): void {
  const title = h("h2", { id: uid("title") }, "Your account");
  const problem = h("p", { class: "problem", role: "alert" });
  const list = h("ul", { class: "sessions", "data-testid": "sessions" });
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": title.id, "data-testid": "account-dialog" },
    title,
    facts(["Name", who.name], ["Organisation", who.organisation], ["Role", capital(who.role)]),
    h("h3", {}, "Signed in"),
    list,
    h("h3", {}, "Another password"),
  );
  const fail = (error: unknown): void => {
    problem.textContent = inWords(error);
  };
  const show = async (): Promise<void> => {
    const { items } = await api.json<Sessions>("/sessions");
    list.replaceChildren(...items.map((one) => session(one)));
  };
  const session = (one: Sessions["items"][number]): HTMLElement => {
    const since = `Since ${when(one.created)}, last used ${when(one.seen)}`;
    if (one.this) return h("li", {}, h("span", {}, `${since} (here)`));
    const end = button("End", () => {
      end.disabled = true;
      void api.request(`/sessions/${part(one.id)}`, { method: "DELETE" }).then(show).catch(fail);
    });
    return h("li", {}, h("span", {}, since), end);
  };
  dialog.append(passwordForm(api, problem, show), problem);
  dialog.append(
    h(
      "div",
      { class: "row end" },
      button("Sign out", signOut, { "data-testid": "sign-out" }),
      button("Close", () => dialog.close(), { "data-testid": "account-close" }),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  void show().catch(fail);
}

function passwordForm(api: Api, problem: HTMLElement, changed: () => Promise<void>): HTMLFormElement {
  const old = h("input", { type: "password", required: true, autocomplete: "current-password", "data-testid": "old-password" });
  const next = h("input", { type: "password", required: true, autocomplete: "new-password", "data-testid": "new-password" });
  const submit = h("button", { type: "submit", class: "primary" }, "Change password");
  const form = h(
    "form",
    { novalidate: true },
    field("Present password", old),
    field("New password", next, "At least 12 characters. Everywhere else you are signed out."),
    h("div", { class: "row end" }, submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit.disabled = true;
    problem.textContent = "";
    void api
      .json<SignedIn>("/password", { method: "POST", body: { old: old.value, new: next.value } })
      .then(
        (signed) => {
          api.goOn(signed.form);
          form.reset();
          announce("The password was changed.");
          submit.textContent = "Changed";
          return changed();
        },
        (error: unknown) => {
          problem.textContent = inWords(error);
          old.focus();
        },
      )
      .catch((error: unknown) => {
        problem.textContent = inWords(error);
      })
      .finally(() => {
        submit.disabled = false;
      });
  });
  return form;
}

const when = (moment: string): string => `${moment.slice(0, 10)} ${moment.slice(11, 16)} UTC`;

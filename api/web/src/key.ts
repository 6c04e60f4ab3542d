// The dialog that asks somebody to sign in, or for an API key.

import { inWords, problemOf, send, type AskForEntry, type Entry } from "./api";
import { field, h, uid } from "./dom";
import type { SignedIn, Who } from "./types";

/** Whom the page now works for. */
export type OnAccepted = (who: Who) => void;

interface Accepted {
  entry: Entry;
  who: Who;
}

export function entryDialog(onAccepted: OnAccepted): AskForEntry {
  return (reason) =>
    new Promise((resolve) => {
      const title = h("h2", { id: uid("title") }, "Sign in");
      const problem = h("p", { class: "problem", role: "alert" }, reason);
      const dialog = h(
        "dialog",
        { class: "dialog", "aria-labelledby": title.id, "data-testid": "key-dialog", closedby: "none" },
        title,
      );
      const attempt = (submit: HTMLButtonElement, back: HTMLInputElement, made: Promise<Accepted>): void => {
        submit.disabled = true;
        problem.textContent = "";
        void made.then(
          ({ entry, who }) => {
            dialog.remove();
            onAccepted(who);
            resolve(entry);
          },
          (error: unknown) => {
            submit.disabled = false;
            problem.textContent = inWords(error);
            back.focus();
            back.select();
          },
        );
      };
      const signIn = signInForm(problem, attempt);
      dialog.append(signIn, problem, h("p", { class: "or" }, "or"), keyForm(problem, attempt));
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      // Chromium closes on a second Escape whatever the first was told.
      dialog.addEventListener("close", () => {
        if (dialog.isConnected) dialog.showModal();
      });
      document.body.append(dialog);
      dialog.showModal();
      signIn.querySelector("input")?.focus();
    });
}

type Attempt = (submit: HTMLButtonElement, back: HTMLInputElement, made: Promise<Accepted>) => void;

function signInForm(problem: HTMLElement, attempt: Attempt): HTMLFormElement {
  const login = h("input", {
    type: "text", name: "login", required: true, autocomplete: "username", autocapitalize: "none",
    spellcheck: "false", "data-testid": "login-input",
  });
  const password = h("input", {
    type: "password", name: "password", required: true, autocomplete: "current-password",
    "data-testid": "password-input",
  });
  const submit = h("button", { type: "submit", class: "primary", "data-testid": "sign-in" }, "Sign in");
  const form = h(
    "form",
    { novalidate: true },
    field("Name", login, "As name@organisation."),
    field("Password", password),
    h("div", { class: "row end" }, submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const empty = [login, password].find((input) => !input.value);
    if (empty) {
      problem.textContent = "Enter your name and your password.";
      empty.focus();
      return;
    }
    attempt(submit, password, signedIn(login.value, password.value));
  });
  return form;
}

function keyForm(problem: HTMLElement, attempt: Attempt): HTMLFormElement {
  const input = h("input", {
    type: "password", name: "key", required: true, autocomplete: "off", spellcheck: "false",
    "data-testid": "key-input",
  });
  const submit = h("button", { type: "submit" }, "Use this key");
  const form = h(
    "form",
    { novalidate: true },
    field("API key", input, "It starts with hw_, and is kept in this tab until you close it or choose Forget key."),
    h("div", { class: "row end" }, submit),
  );
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
    attempt(submit, input, withKey(key));
  });
  return form;
}

async function signedIn(login: string, password: string): Promise<Accepted> {
  const response = await send("/session", { form: "" }, { method: "POST", body: { login, password } });
  if (!response.ok) throw await problemOf(response);
  const { form } = (await response.json()) as SignedIn;
  return accepted({ form });
}

const withKey = (key: string): Promise<Accepted> => accepted({ key });

async function accepted(entry: Entry): Promise<Accepted> {
  const response = await send("/whoami", entry);
  if (!response.ok) throw await problemOf(response);
  return { entry, who: (await response.json()) as Who };
}

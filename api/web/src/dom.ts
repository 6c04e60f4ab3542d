// Elements are made here, and data reach the page as text only.

export type Child = Node | string | number | null | undefined | false;
type Value = string | number | boolean | null | undefined;
export type Attributes = Record<string, Value>;

function put(element: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(typeof child === "number" ? String(child) : child);
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  put(element, attributes, children);
  return element;
}

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  put(element, attributes, children);
  return element;
}

export function button(
  label: string,
  onClick: (event: MouseEvent) => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", onClick);
  return element;
}

let counter = 0;

/** An id that no other element has. */
export function uid(prefix: string): string {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** A labelled form control. */
export function field(label: string, control: HTMLElement, hint?: string): HTMLElement {
  control.id ||= uid("field");
  const note = hint ? h("p", { class: "hint", id: `${control.id}-hint` }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, note);
}

/** Name and value pairs. */
export function facts(...pairs: ([string, Child] | null | false | "")[]): HTMLDListElement {
  const list = h("dl", { class: "facts" });
  for (const pair of pairs) {
    if (pair) list.append(h("div", {}, h("dt", {}, pair[0]), h("dd", {}, pair[1])));
  }
  return list;
}

const polite = h("div", { class: "hidden", role: "status", "aria-live": "polite" });

/** Have a screen reader say it. */
export function announce(text: string): void {
  if (!polite.isConnected) document.body.append(polite);
  polite.textContent = "";
  window.setTimeout(() => {
    polite.textContent = text;
  }, 50);
}

export const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const phone = (): boolean => matchMedia("(max-width: 640px)").matches;

/** A yes or no of the page's own, since a browser's can be switched off. */
export function confirmed(question: string, detail: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    const title = h("h2", { id: uid("title") }, question);
    const text = h("p", { id: uid("text") }, detail);
    const dialog = h("dialog", {
      class: "dialog",
      "aria-labelledby": title.id,
      "aria-describedby": text.id,
      "data-testid": "confirm-dialog",
    });
    const no = button("Cancel", () => dialog.close("no"));
    const go = button(yes, () => dialog.close("yes"), {
      class: "danger",
      "data-testid": "confirm-yes",
    });
    dialog.append(title, text, h("div", { class: "row end" }, no, go));
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}

// What is selected lives in the address, as an id and nothing else.

export type Selection = { what: "event" | "region"; id: string } | null;

const HASH = /^#(event|region)\/([A-Za-z0-9._~-]+)$/;

export function readHash(hash: string): Selection {
  const found = HASH.exec(hash);
  if (!found?.[1] || !found[2]) return null;
  return { what: found[1] === "event" ? "event" : "region", id: found[2] };
}

export const hashOf = (selection: Selection): string =>
  selection ? `#${selection.what}/${selection.id}` : "";

export const same = (a: Selection, b: Selection): boolean => hashOf(a) === hashOf(b);

type Listener = (selection: Selection) => void;

export class Selected {
  private readonly listeners: Listener[] = [];
  private current: Selection = readHash(location.hash);

  constructor() {
    const changed = (): void => {
      const next = readHash(location.hash);
      if (!same(next, this.current)) this.tell(next);
    };
    window.addEventListener("hashchange", changed);
    window.addEventListener("popstate", changed);
  }

  get value(): Selection {
    return this.current;
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  set(next: Selection): void {
    if (same(next, this.current)) return;
    history.pushState(null, "", hashOf(next) || location.pathname + location.search);
    this.tell(next);
  }

  private tell(next: Selection): void {
    this.current = next;
    for (const listener of this.listeners) listener(next);
  }
}

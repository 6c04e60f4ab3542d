// Every request goes through here: with the key or the session, and with one way to fail.

import { addressOf } from "./home";
import type { Fault, ProblemDocument } from "./types";

const STORED = "hearthwatch-key";
/** That somebody signed in with this browser; the session itself no script can read. */
const SIGNED_IN = "hearthwatch-signed-in";

/** What a request is let in by: a key, or a session and the token its changes come with. */
export type Entry = { readonly key: string } | { readonly form: string };

export class Problem extends Error {
  readonly status: number;
  /** The short name of what is wrong. */
  readonly code: string;
  readonly faults: readonly Fault[];

  constructor(status: number, document: ProblemDocument) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.name = "Problem";
    this.status = status;
    this.code = document.type?.split(":").pop() ?? "";
    this.faults = document.errors ?? [];
  }
}

export class Unreachable extends Error {
  constructor() {
    super("The server could not be reached. Nothing you entered is lost.");
    this.name = "Unreachable";
  }
}

export const isAbort = (error: unknown): boolean =>
  error instanceof DOMException && error.name === "AbortError";

export function inWords(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong.";
}

/** Ask a person to sign in or for a key; the answer is one that the server accepted. */
export type AskForEntry = (reason: string | null) => Promise<Entry>;

interface Options {
  method?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

type Query = Record<string, string | number | readonly string[] | null | undefined>;

export function path(route: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== null && one !== undefined && one !== "") search.append(name, String(one));
  }
  const text = search.toString();
  return text ? `${route}?${text}` : route;
}

export const part = encodeURIComponent;

export class Api {
  private asking: Promise<Entry> | null = null;
  private entry: Entry | null = null;

  constructor(private readonly ask: AskForEntry) {
    const key = sessionStorage.getItem(STORED);
    if (key) this.entry = { key };
  }

  /** What requests are let in by; null before somebody signed in. */
  get way(): Entry | null {
    return this.entry;
  }

  /** Forget a key, or that somebody signed in. */
  forget(): void {
    this.entry = null;
    sessionStorage.removeItem(STORED);
    localStorage.removeItem(SIGNED_IN);
  }

  /** Go on with another token: the password was changed, and a new session begun. */
  goOn(form: string): void {
    this.entry = { form };
  }

  /** Have somebody sign in or give a key, once however many requests want that. */
  needEntry(reason: string | null, refused: Entry | null = null): Promise<Entry> {
    const known = this.entry;
    if (known && known !== refused) return Promise.resolve(known);
    this.asking ??= this.found(refused)
      .then((found) => found ?? this.ask(reason))
      .then((entry) => {
        this.entry = entry;
        if ("key" in entry) sessionStorage.setItem(STORED, entry.key);
        else localStorage.setItem(SIGNED_IN, "1");
        return entry;
      })
      .finally(() => {
        this.asking = null;
      });
    return this.asking;
  }

  /** The session that this browser may still have from another tab or an earlier visit. */
  private async found(refused: Entry | null): Promise<Entry | null> {
    if (refused || !localStorage.getItem(SIGNED_IN)) return null;
    try {
      return await renewedEntry();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      localStorage.removeItem(SIGNED_IN);
      return null;
    }
  }

  /** End the session, if there is one; one that has ended already is as good as ended now. */
  async signOut(): Promise<void> {
    if (!this.entry || "key" in this.entry) return;
    try {
      const now = await renewedEntry();
      const response = await send("/session", now, { method: "DELETE" });
      if (!response.ok) throw await problemOf(response);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
    }
  }

  async request(url: string, options: Options = {}): Promise<Response> {
    let renewed = false;
    for (;;) {
      const entry = await this.needEntry(null);
      options.signal?.throwIfAborted();
      const response = await send(url, entry, options);
      if (response.ok) return response;
      const problem = await problemOf(response);
      if (response.status === 401) {
        await this.needEntry(problem.message, entry);
      } else if (problem.code === "form" && !renewed && "form" in entry) {
        // Another tab began a new session.
        renewed = true;
        this.entry = await renewedEntry();
      } else {
        throw problem;
      }
    }
  }

  async json<T>(url: string, options: Options = {}): Promise<T> {
    return (await this.timed<T>(url, options)).found;
  }

  /** The same, with what the server's clock said as it answered: agreements begin and end by that one. */
  async timed<T>(url: string, options: Options = {}): Promise<{ found: T; at: number }> {
    const response = await this.request(url, options);
    const at = Date.parse(response.headers.get("Date") ?? "") || Date.now();
    try {
      return { found: (await response.json()) as T, at };
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new Unreachable();
    }
  }

  async blob(url: string, signal?: AbortSignal): Promise<Blob> {
    const response = await this.request(url, { signal });
    return response.blob();
  }

  async all<T>(route: string, query: Query, signal?: AbortSignal): Promise<T[]> {
    const items: T[] = [];
    let after: string | null | undefined = null;
    do {
      const page: { items: T[]; next?: string | null } = await this.json(
        path(route, { ...query, after }),
        { signal },
      );
      items.push(...page.items);
      after = page.items.length > 0 ? page.next : null;
    } while (after);
    return items;
  }
}

/** What the browser's session is let in by now; fails where there is none. */
async function renewedEntry(): Promise<Entry> {
  const response = await send("/session", { form: "" });
  if (!response.ok) throw await problemOf(response);
  return { form: ((await response.json()) as { form: string }).form };
}

/** The header fields that let a request in. */
export function fieldsOf(entry: Entry, changes: boolean): Record<string, string> {
  if ("key" in entry) return { Authorization: `Bearer ${entry.key}` };
  return changes && entry.form ? { "X-Hearthwatch-Form": entry.form } : {};
}

/** Send one request; nothing is tried again. */
export async function send(url: string, entry: Entry, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: "application/json, application/geo+json, application/problem+json, image/png",
    ...fieldsOf(entry, (options.method ?? "GET") !== "GET"),
  };
  const init: RequestInit = { method: options.method ?? "GET", headers, cache: "no-store" };
  if (options.body instanceof FormData) {
    // The browser itself writes where one part of a form ends.
    init.body = options.body;
  } else if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (options.signal) init.signal = options.signal;
  try {
    return await fetch(addressOf(url), init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Unreachable();
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  let document: ProblemDocument = {};
  try {
    document = (await response.json()) as ProblemDocument;
  } catch {
    // Whatever stands between here and the server answered in its own words.
  }
  return new Problem(response.status, document);
}

// Every request goes through here: with the key, and with one way to fail.

import type { Fault, ProblemDocument } from "./types";

const STORED = "hearthwatch-key";

export class Problem extends Error {
  readonly status: number;
  readonly faults: readonly Fault[];

  constructor(status: number, document: ProblemDocument) {
    super(document.detail || document.title || `The server answered ${status}.`);
    this.name = "Problem";
    this.status = status;
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

/** Ask a person for a key; the answer is one that the server accepted. */
export type AskForKey = (reason: string | null) => Promise<string>;

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
  private asking: Promise<string> | null = null;

  constructor(private readonly ask: AskForKey) {}

  get key(): string | null {
    return sessionStorage.getItem(STORED);
  }

  forget(): void {
    sessionStorage.removeItem(STORED);
  }

  /** Get a key from a person, once however many requests want one. */
  needKey(reason: string | null, refused: string | null = null): Promise<string> {
    const known = this.key;
    if (known && known !== refused) return Promise.resolve(known);
    this.asking ??= this.ask(reason)
      .then((key) => {
        sessionStorage.setItem(STORED, key);
        return key;
      })
      .finally(() => {
        this.asking = null;
      });
    return this.asking;
  }

  async request(url: string, options: Options = {}): Promise<Response> {
    for (;;) {
      const key = await this.needKey(null);
      options.signal?.throwIfAborted();
      const response = await send(url, key, options);
      if (response.status === 401) {
        const problem = await problemOf(response);
        await this.needKey(problem.message, key);
        continue;
      }
      if (!response.ok) throw await problemOf(response);
      return response;
    }
  }

  async json<T>(url: string, options: Options = {}): Promise<T> {
    const response = await this.request(url, options);
    try {
      return (await response.json()) as T;
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

/** Send one request with a key; nothing is tried again. */
export async function send(url: string, key: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = {
    Accept: "application/json, application/geo+json, application/problem+json, image/png",
    Authorization: `Bearer ${key}`,
  };
  const init: RequestInit = { method: options.method ?? "GET", headers, cache: "no-store" };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (options.signal) init.signal = options.signal;
  try {
    return await fetch(url, init);
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

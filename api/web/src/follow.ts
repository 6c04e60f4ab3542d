// What goes on at the server is asked after until it is over.

import { inWords, isAbort } from "./api";

const EVERY_MS = 2000;

interface Following<T> {
  again: () => Promise<T>;
  over: (value: T) => boolean;
  show: (value: T) => void;
  /** What went wrong with asking; empty once it goes right again. */
  fail: (words: string) => void;
  signal: AbortSignal;
}

/** Show something until it is over; whether it came to that before it was called off. */
export async function follow<T>(first: T, { again, over, show, fail, signal }: Following<T>): Promise<boolean> {
  let now = first;
  show(now);
  while (!over(now)) {
    await new Promise((resolve) => window.setTimeout(resolve, EVERY_MS));
    if (signal.aborted) return false;
    try {
      now = await again();
      fail("");
      show(now);
    } catch (error) {
      if (isAbort(error)) return false;
      // It goes on at the server; so does asking.
      fail(`${inWords(error)} Asking again.`);
    }
  }
  return true;
}

// A form on its way to the server: once at a time, and what goes wrong is said in the form.

import { isAbort } from "./api";
import { failure } from "./ask";

export class Sending {
  private under: AbortController | null = null;

  constructor(
    private readonly problem: HTMLElement,
    private readonly submit: HTMLButtonElement,
  ) {}

  /** Send unless the form lacks something, which is said, or is on its way already. */
  async send(lacks: string | null, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.problem.textContent = lacks ?? "";
    if (lacks || this.under) return;
    const under = new AbortController();
    this.under = under;
    this.submit.disabled = true;
    try {
      await work(under.signal);
    } catch (error) {
      if (!isAbort(error)) this.problem.textContent = failure(error);
    } finally {
      this.under = null;
      this.submit.disabled = false;
    }
  }

  stop(): void {
    this.under?.abort();
  }
}

// "Take looks now": posts a job and follows it to its end.

import { inWords, isAbort, part, type Api } from "./api";
import { announce, button, h } from "./dom";
import { follow } from "./follow";
import type { Job } from "./types";
import { capital, jobEnded, jobWords } from "./words";

export class JobPanel {
  readonly element: HTMLElement;
  private readonly start: HTMLButtonElement;
  private readonly bar = h("progress", { max: 1, value: 0, "aria-label": "Looks taken" });
  private readonly words = h("p", { class: "job-words" });
  private readonly progress = h(
    "div",
    { class: "job", "data-testid": "job-progress", hidden: true },
    this.bar,
    this.words,
  );
  private readonly problem = h("p", { class: "problem", role: "alert" });
  private said = "";

  constructor(
    private readonly api: Api,
    private readonly region: string,
    job: Job | null,
    mayStart: boolean,
    private readonly signal: AbortSignal,
    private readonly ended: () => void,
  ) {
    this.start = button("Take looks now", () => void this.post(), {
      class: "primary",
      "data-testid": "take-looks",
    });
    this.element = h("div", { class: "jobs" }, mayStart && this.start, this.progress, this.problem);
    if (job && jobEnded(job)) this.show(job);
    else if (job) void this.follow(job);
  }

  /** Of a watch that waits no look is taken. */
  offer(may: boolean): void {
    this.start.hidden = !may;
  }

  private async post(): Promise<void> {
    this.problem.textContent = "";
    this.start.disabled = true;
    try {
      const job = await this.api.json<Job>("/jobs", {
        method: "POST",
        body: { region: this.region },
        signal: this.signal,
      });
      await this.follow(job);
    } catch (error) {
      if (!isAbort(error)) this.problem.textContent = inWords(error);
      this.start.disabled = false;
    }
  }

  private async follow(first: Job): Promise<void> {
    this.start.disabled = true;
    const { api, signal } = this;
    const ended = await follow(first, {
      again: () => api.json<Job>(`/jobs/${part(first.id)}`, { signal }),
      over: jobEnded,
      show: (job) => this.show(job),
      fail: (words) => {
        this.problem.textContent = words;
      },
      signal,
    });
    if (!ended) return;
    this.start.disabled = false;
    this.ended();
  }

  private show(job: Job): void {
    this.progress.hidden = false;
    this.progress.dataset["state"] = job.state;
    this.bar.max = Math.max(1, job.total);
    if (job.total === 0 && !jobEnded(job)) this.bar.removeAttribute("value");
    else this.bar.value = job.state === "complete" && job.total === 0 ? 1 : job.done;
    this.words.textContent = jobWords(job);
    if (this.said !== job.state) announce(capital(`looks: ${jobWords(job)}`));
    this.said = job.state;
  }
}

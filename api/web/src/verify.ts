// Verifying: one event after the other, by keyboard, and nothing of what others saw.

import { Problem, inWords, part, path, type Api } from "./api";
import { announce, button, h } from "./dom";
import { Slot } from "./verifyslot";
import type { Claimed, NewAssessment, Queue, Verdict, Waiting } from "./types";
import { REASONS } from "./verbs";

const LETTERS = "abcdefghijkl";
const QUEUED = 50;
/** What is looked at stays one's own: it would lapse after 30 minutes. */
const RENEWED_MS = 10 * 60_000;
const VERDICTS: readonly [key: string, verdict: Verdict, words: string][] = [
  ["h", "harmed", "Harmed, as described"],
  ["n", "unharmed", "Not harmed"],
  ["b", "bad_imagery", "Bad imagery"],
  ["s", "unsure", "Unsure"],
];

/** Note how long it took from a key until what follows from it was painted. */
function measurePainted(start: number): void {
  // What is posted within a frame comes after that frame's painting.
  const painted = new MessageChannel();
  painted.port1.onmessage = () => {
    performance.measure("verify", { start, end: performance.now() });
    painted.port1.close();
  };
  requestAnimationFrame(() => painted.port2.postMessage(null));
}

interface Given {
  event: string;
  sent: NewAssessment;
  words: string;
  /** Ends when the server has taken it in; fails when it has not. */
  taken: Promise<unknown>;
}

export class Verify {
  readonly element: HTMLElement;
  private readonly stage = h("div", { class: "verify-stage" });
  private readonly problem = h("div", { class: "verify-problems", role: "alert", "data-testid": "verify-problem" });
  private readonly count = h("span", { class: "quiet", "data-testid": "verify-count" });
  private readonly hint = h("span", { class: "quiet", role: "status", "data-testid": "verify-hint" });
  private readonly verdicts = h("div", { class: "row acts", role: "group", "aria-label": "What the pictures show" });
  private readonly reasons = h("div", { class: "verify-reasons", hidden: true, role: "group", "aria-label": "What it is instead" });
  private readonly words = h("input", { type: "text", maxlength: 2000, placeholder: "What it is, in words; Enter sends it", "data-testid": "verify-words", hidden: true });
  private readonly back = button("Undo (u)", () => void this.undo(), { "data-testid": "verify-undo", disabled: true });
  private queue: Waiting[] = [];
  private waiting = 0;
  private tried = new Set<string>();
  private now: Slot | null = null;
  private ahead: Promise<Slot | null> = Promise.resolve(null);
  private given: Given[] = [];
  private began = 0;
  private open = false;
  private renewing = 0;

  constructor(
    private readonly api: Api,
    private readonly around: { refused: () => void; left: () => void },
  ) {
    for (const [key, verdict, words] of VERDICTS)
      this.verdicts.append(button(`${words} (${key})`, (event) => this.chosen(verdict, event.timeStamp), { "data-testid": `verdict-${verdict}` }));
    REASONS.forEach(([code, words], at) =>
      this.reasons.append(button(`${LETTERS[at]}  ${words}`, (event) => this.because(code, event.timeStamp), { "data-testid": `because-${code}` })),
    );
    this.reasons.append(this.words);
    const skip = button("Give back (g)", () => void this.skip(), { "data-testid": "verify-skip" });
    const leave = button("Leave (Esc)", () => void this.leave(), { "data-testid": "verify-leave" });
    this.element = h(
      "section",
      { class: "verify", "aria-label": "Verify", tabindex: -1, hidden: true, "data-testid": "verify" },
      h("div", { class: "row spread" }, h("h2", {}, "Verify"), this.count, leave),
      this.stage,
      h("div", { class: "verify-foot" }, this.verdicts, this.reasons, h("div", { class: "row acts" }, this.hint, this.back, skip)),
      this.problem,
      h("p", { class: "quiet keys" }, "Space flips before and after, ← → move the line, p changes the picture. Neither you nor others see an answer before giving their own."),
    );
    this.element.addEventListener("keydown", (event) => this.pressed(event), true);
    this.words.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.words.value.trim()) this.answer("unharmed", event.timeStamp, "other", this.words.value.trim());
    });
  }

  async start(): Promise<void> {
    this.open = true;
    this.element.hidden = false;
    this.tried = new Set();
    this.queue = [];
    this.element.focus();
    this.renewing = window.setInterval(() => void this.renew(), RENEWED_MS);
    this.stage.replaceChildren(h("p", { class: "wait" }, "Loading."));
    await this.show(this.take());
  }

  /** Give back what was taken and go back to the map. */
  async leave(): Promise<void> {
    this.open = false;
    window.clearInterval(this.renewing);
    this.element.hidden = true;
    const ahead = await this.ahead;
    for (const slot of [this.now, ahead]) if (slot) this.release(slot);
    this.now = null;
    this.ahead = Promise.resolve(null);
    await Promise.allSettled(this.given.map((one) => one.taken));
    this.around.left();
  }

  /** Put a slot in front, and take the one after it. */
  private async show(next: Promise<Slot | null>, since: number | null = null): Promise<void> {
    this.closeReasons();
    this.hint.textContent = "";
    const slot = await next;
    if (!this.open) {
      if (slot) this.release(slot);
      return;
    }
    this.now?.remove();
    this.now = slot;
    this.began = performance.now();
    for (const one of this.verdicts.querySelectorAll("button")) one.disabled = slot === null;
    if (slot === null) {
      this.stage.replaceChildren(h("p", { class: "empty", "data-testid": "verify-done" }, "Nothing waits for you to look at now."));
      this.count.textContent = "";
      return;
    }
    for (const other of [...this.stage.children]) if (other !== slot.element) other.remove();
    if (!slot.element.isConnected) this.stage.append(slot.element);
    slot.front();
    announce(slot.title);
    if (since !== null) measurePainted(since);
    this.ahead = this.take(slot);
  }

  /** Take the next event that can be had, with its pictures loading behind the one that is shown. */
  private async take(after: Slot | null = null): Promise<Slot | null> {
    for (;;) {
      const next = this.queue.find((one) => !this.tried.has(one.event) && one.event !== after?.claimed.event && (!one.claim || one.claim.mine));
      if (!next) {
        if (!(await this.refill())) return null;
        continue;
      }
      this.tried.add(next.event);
      try {
        const claimed = await this.api.json<Claimed>(`/reviews/${part(next.event)}/claim`, { method: "POST" });
        const slot = new Slot(this.api, claimed, this.around.refused);
        this.stage.append(slot.element);
        slot.mount();
        return slot;
      } catch (error) {
        // Somebody else was quicker, or there are no pictures of it yet: the next one.
        if (!(error instanceof Problem) || error.status !== 409) {
          this.say(`The next event could not be loaded. ${inWords(error)}`, () => void this.show(this.take()));
          return null;
        }
      }
    }
  }

  /** Ask what waits; whether there is anything that was not tried yet. */
  private async refill(): Promise<boolean> {
    try {
      const { items, more } = await this.api.json<Queue>(path("/reviews", { limit: QUEUED }));
      this.queue = items;
      this.tellWaiting(items.length + more);
      return items.some((one) => !this.tried.has(one.event) && (!one.claim || one.claim.mine));
    } catch (error) {
      this.say(`What waits could not be loaded. ${inWords(error)}`, () => void this.show(this.take()));
      return false;
    }
  }

  private tellWaiting(count: number): void {
    this.waiting = count;
    this.count.textContent = `${count} wait`;
  }

  private pressed(event: KeyboardEvent): void {
    const typing = event.target === this.words || event.target instanceof HTMLSelectElement;
    if (event.ctrlKey || event.metaKey || event.altKey || (typing && event.key !== "Escape")) return;
    if (this.handled(event.key, event.timeStamp)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private handled(key: string, at: number): boolean {
    if (!this.reasons.hidden) {
      const reason = REASONS[LETTERS.indexOf(key)];
      if (key === "Escape") this.closeReasons();
      else if (key.length === 1 && reason) this.because(reason[0], at);
      else return false;
      return true;
    }
    const verdict = VERDICTS.find(([letter]) => letter === key);
    if (verdict) this.chosen(verdict[1], at);
    else if (key === "u" || key === "z") void this.undo();
    else if (key === "g") void this.skip();
    else if (key === "Escape") void this.leave();
    else return this.now?.pressed(key) ?? false;
    return true;
  }

  private chosen(verdict: Verdict, at: number): void {
    if (!this.now) return;
    // An answer is about what was seen.
    if (!this.now.isDrawn) {
      this.hint.textContent = "The pictures are still loading.";
      return;
    }
    this.hint.textContent = "";
    if (verdict !== "unharmed") {
      this.answer(verdict, at);
      return;
    }
    this.reasons.hidden = false;
    this.verdicts.hidden = true;
    this.reasons.querySelector("button")?.focus();
  }

  private because(code: string, at: number): void {
    if (code !== "other") {
      this.answer("unharmed", at, code);
      return;
    }
    this.words.hidden = false;
    // The key that chose it is not the first letter of the words.
    window.setTimeout(() => this.words.focus());
  }

  private closeReasons(): void {
    const had = this.reasons.contains(document.activeElement);
    this.reasons.hidden = true;
    this.words.hidden = true;
    this.words.value = "";
    this.verdicts.hidden = false;
    if (had) this.element.focus();
  }

  /** Send an answer while the next event is there already. */
  private answer(verdict: Verdict, at: number, reason?: string, text?: string): void {
    const slot = this.now;
    if (!slot) return;
    const sent: NewAssessment = { verdict, pictures: slot.claimed.shown.pictures, seconds: (performance.now() - this.began) / 1000 };
    if (reason) sent.reason = reason;
    if (text) sent.text = text;
    this.now = null;
    slot.remove();
    this.tellWaiting(this.waiting - 1);
    this.send({ event: slot.claimed.event, sent, words: `${slot.title}: ${verdict.replace("_", " ")}`, taken: Promise.resolve() });
    void this.show(this.ahead, at);
  }

  private send(given: Given): void {
    given.taken = this.api.json(`/reviews/${part(given.event)}/assessments`, { method: "POST", body: given.sent });
    this.given.push(given);
    this.back.disabled = false;
    given.taken.catch((error: unknown) => {
      this.given = this.given.filter((one) => one !== given);
      this.back.disabled = this.given.length === 0;
      this.say(`This was not taken in: ${given.words}. ${inWords(error)}`, () => this.send(given));
    });
  }

  /** Take the last answer back and show that event again. */
  private async undo(): Promise<void> {
    const last = this.given.pop();
    this.back.disabled = this.given.length === 0;
    if (!last) return;
    try {
      await last.taken;
      await this.api.json(`/reviews/${part(last.event)}/undo`, { method: "POST" });
      announce("Taken back.");
    } catch (error) {
      this.say(`It was not taken back: ${last.words}. ${inWords(error)}`);
      return;
    }
    for (const slot of [this.now, await this.ahead])
      if (slot) {
        this.release(slot);
        this.tried.delete(slot.claimed.event);
      }
    this.now = null;
    this.tried.delete(last.event);
    // Where somebody else has to look at it now, the next one follows.
    await this.refill();
    this.queue.sort((one, other) => Number(other.event === last.event) - Number(one.event === last.event));
    await this.show(this.take());
  }

  private async skip(): Promise<void> {
    const slot = this.now;
    if (!slot) return;
    this.now = null;
    this.release(slot);
    await this.show(this.ahead);
  }

  private async renew(): Promise<void> {
    for (const slot of [this.now, await this.ahead])
      // Where it cannot be renewed, the answer itself says so.
      if (slot) void this.api.request(`/reviews/${part(slot.claimed.event)}/claim`, { method: "POST" }).catch(() => undefined);
  }

  /** Let others look at an event; it lapses by itself where that cannot be told. */
  private release(slot: Slot): void {
    slot.remove();
    void this.api.request(`/reviews/${part(slot.claimed.event)}/claim`, { method: "DELETE" }).catch(() => undefined);
  }

  private say(words: string, again?: () => void): void {
    const line = h("p", { class: "problem" }, `${words} `);
    const close = (): void => line.remove();
    if (again)
      line.append(button("Retry", () => {
        close();
        again();
      }));
    line.append(button("Dismiss", close));
    this.problem.append(line);
  }
}

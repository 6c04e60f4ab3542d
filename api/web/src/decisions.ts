// What takes two people: what waits for a second one, what stands, and what became of the rest.

import { agreeErasure, agreeRelease, keepHold, liftHold, refuseErasure, refuseRelease, setHold, withdrawRelease } from "./acts";
import { Problem, inWords, isAbort, part, type Api } from "./api";
import { courseNow, type Course } from "./course";
import { announce, button, facts, h, uid, type Child } from "./dom";
import {
  erasedWords,
  erasureState,
  isAnother,
  nameOf,
  releaseState,
  titleOfErasure,
  titleOfHold,
  titleOfRelease,
  waitFor,
} from "./twopeoplewords";
import type { Erasure, Event, Hold, Release, Settlement, Who, WholeRelease } from "./types";
import { capital, interval, kindWords, moment, placeWords } from "./words";

interface Around {
  api: Api;
  who: () => Who | null;
  regionName: (id: string) => string | null;
  pickEvent: (id: string) => void;
  pickRegion: (id: string) => void;
  /** How many wait for whoever looks. */
  waiting: (count: number) => void;
  /** Something is told, held or gone: what is shown of it must be loaded anew. */
  changed: () => void;
  left: () => void;
}

/** Once it was asked for: what something is called, by its id. */
type Called = Map<string, string>;

export class Decisions {
  readonly element: HTMLElement;
  private readonly heading = h("h2", { tabindex: -1, id: uid("decisions") }, "What takes two people");
  private readonly done = h("p", { role: "status", class: "done", "data-testid": "decisions-done" });
  private readonly body = h("div", { class: "decisions-body" });
  private readonly called: Called = new Map();
  private loading: AbortController | null = null;

  constructor(private readonly around: Around) {
    this.element = h(
      "section",
      { class: "decisions", "aria-labelledby": this.heading.id, hidden: true, "data-testid": "decisions" },
      h("div", { class: "row spread" }, this.heading, h("span", { class: "spring" }), button("Back to the map (Esc)", () => this.leave(), { "data-testid": "decisions-leave" })),
      h("p", { class: "quiet" }, "One person asks, another agrees: nobody alone tells others, erases anything, or lifts a legal hold."),
      this.done,
      this.body,
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
    });
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  async start(): Promise<void> {
    this.element.hidden = false;
    this.done.textContent = "";
    this.body.replaceChildren(h("p", { class: "wait" }, "Loading."));
    this.heading.focus();
    await this.load();
  }

  leave(): void {
    if (!this.open) return;
    this.loading?.abort();
    this.element.hidden = true;
    this.around.left();
  }

  /** See how many wait; the page works without knowing. */
  async count(): Promise<void> {
    const who = this.around.who();
    if (!who?.scopes.includes("release")) return;
    try {
      this.around.waiting(waitFor(who, await courseNow(this.around.api)));
    } catch {
      // It is counted again, and said when it is looked at.
    }
  }

  private async load(): Promise<void> {
    this.loading?.abort();
    const loading = new AbortController();
    this.loading = loading;
    const { signal } = loading;
    try {
      const course = await courseNow(this.around.api, signal);
      const open = await Promise.all(course.releases.filter((one) => one.outcome === "open").map((one) => this.whole(one, signal)));
      await this.callAll(course, signal);
      signal.throwIfAborted();
      this.show(course, open);
    } catch (error) {
      if (isAbort(error)) return;
      this.body.replaceChildren(h("p", { class: "problem", role: "alert" }, inWords(error)), button("Retry", () => void this.load()));
    }
  }

  private whole(one: Release, signal: AbortSignal): Promise<WholeRelease> {
    return this.around.api.json<WholeRelease>(`/releases/${part(one.id)}`, { signal });
  }

  /** Learn what everything that waits or stands is called. */
  private async callAll({ releases, erasures, holds }: Course, signal: AbortSignal): Promise<void> {
    const things = [
      ...releases.filter((one) => one.ended === null && one.outcome !== "refused").map((one) => ["event", one.event] as const),
      ...erasures.filter((one) => one.outcome === "open").map((one) => [one.what, one.subject] as const),
      ...holds.filter((one) => one.lifted === null).map((one) => [one.what, one.subject ?? ""] as const),
    ];
    await Promise.all([...new Map(things.map((one) => [one[1], one])).values()].map(([what, id]) => this.call(what, id, signal)));
  }

  private async call(what: string, id: string, signal: AbortSignal): Promise<void> {
    if (!id || this.called.has(id)) return;
    try {
      this.called.set(id, await this.asked(what, id, signal));
    } catch (error) {
      // What is gone is told of by its id.
      if (!(error instanceof Problem) || error.status !== 404) throw error;
    }
  }

  private async asked(what: string, id: string, signal: AbortSignal): Promise<string> {
    const { api, regionName } = this.around;
    if (what === "region") return regionName(id) ?? id;
    if (what === "settlement") return (await api.json<Settlement>(`/settlements/${part(id)}`, { signal })).properties.name;
    const { properties: event } = await api.json<Event>(`/events/${part(id)}`, { signal });
    return [capital(kindWords(event.kind)), placeWords(event), interval(event.last_unharmed, event.first_changed), event.state].filter(Boolean).join(", ");
  }

  private show(course: Course, open: readonly WholeRelease[]): void {
    const who = this.around.who();
    if (!who) return;
    this.around.waiting(waitFor(who, course));
    const { releases, erasures, holds, names } = course;
    const cards = { who, names };
    const lifts = holds.filter((one) => one.lifted === null && one.lifting_asked_by !== null);
    const waits = [
      ...open.map((one) => this.release(one, cards)),
      ...erasures.filter((one) => one.outcome === "open").map((one) => this.erasure(one, cards)),
      ...lifts.map((one) => this.hold(one, cards)),
    ];
    const told = releases.filter((one) => one.outcome === "agreed" && one.ended === null).map((one) => this.release({ ...one, preview: null }, cards));
    const held = holds.filter((one) => one.lifted === null && one.lifting_asked_by === null).map((one) => this.hold(one, cards));
    this.body.replaceChildren(
      group("Waits for a second person", "decisions-waits", waits, "Nothing waits."),
      group("Others are told of", "decisions-told", told, "Nothing was released."),
      group("Legal holds in force", "decisions-holds", held, lifts.length > 0 ? "No other hold is in force." : "No hold is in force.", this.setAll()),
      history(course),
    );
  }

  private setAll(): HTMLElement {
    const set = button("Set a hold on everything", () => void this.did(setHold(this.around.api, []), "The hold is in force."), { "data-testid": "hold-all" });
    return h("div", { class: "row" }, set);
  }

  private release(one: WholeRelease, { who, names }: Cards): HTMLElement {
    const { api } = this.around;
    const acts: HTMLElement[] = [];
    if (one.outcome === "open" && isAnother(who, one.asked_by))
      acts.push(
        this.act("Agree", () => agreeRelease(api, one), "Agreed: they are told.", "agree"),
        this.act("Put it down", () => refuseRelease(api, one), "Put down: nobody is told.", "refuse"),
      );
    else acts.push(this.act("Take it back", () => withdrawRelease(api, one), "Taken back.", "withdraw"));
    return card(
      titleOfRelease(one),
      [
        ["Event", this.about("event", one.event)],
        one.preview && ["They would be told", one.preview.place],
        ["Why", h("bdi", {}, one.reason)],
        ["Asked by", h("bdi", {}, nameOf(one.asked_by, names, who))],
        ["Asked", moment(one.asked)],
        one.outcome !== "open" && ["Stands", releaseState(one, names)],
      ],
      this.decidable(one.outcome === "open", one.asked_by, who, true),
      acts,
    );
  }

  private erasure(one: Erasure, { who, names }: Cards): HTMLElement {
    const { api } = this.around;
    const own = who.person === one.asked_by;
    const acts: HTMLElement[] = [];
    if (isAnother(who, one.asked_by) && who.scopes.includes("manage"))
      acts.push(this.act("Agree and erase", () => agreeErasure(api, one), "Erased.", "agree", true));
    if (who.person !== null)
      acts.push(this.act(own ? "Take it back" : "Put it down", () => refuseErasure(api, one, own), own ? "Taken back." : "Put down: nothing is erased.", "refuse"));
    return card(
      titleOfErasure(one),
      [
        [capital(one.what), this.about(one.what, one.subject)],
        ["Why", h("bdi", {}, one.reason)],
        ["Asked by", h("bdi", {}, nameOf(one.asked_by, names, who))],
        ["Asked", moment(one.asked)],
      ],
      this.decidable(true, one.asked_by, who, who.scopes.includes("manage")),
      acts,
    );
  }

  private hold(one: Hold, { who, names }: Cards): HTMLElement {
    const { api } = this.around;
    const lifting = one.lifting_asked_by;
    const admin = who.scopes.includes("manage");
    const acts: HTMLElement[] = [];
    if (lifting === null && admin) acts.push(this.act("Ask to lift it", () => liftHold(api, one), "Asked for: another administrator has to agree.", "lift"));
    if (lifting !== null && admin && isAnother(who, lifting)) acts.push(this.act("Lift it", () => liftHold(api, one), "The hold is lifted.", "lift", true));
    if (lifting !== null) acts.push(this.act("Keep it", () => keepHold(api, one), "The hold stays in force.", "keep"));
    return card(
      lifting === null ? titleOfHold(one) : `Lift it: ${titleOfHold(one).toLowerCase()}`,
      [
        one.what !== "all" && [capital(one.what), this.about(one.what, one.subject ?? "")],
        ["Why it is held", h("bdi", {}, one.reason)],
        ["Set by", h("bdi", {}, nameOf(one.set_by, names, who))],
        ["Set", moment(one.set)],
        lifting !== null && ["Lifting asked for by", h("bdi", {}, nameOf(lifting, names, who))],
      ],
      lifting === null ? null : this.decidable(true, lifting, who, admin),
      acts,
    );
  }

  /** Why one cannot decide something; nothing where one can. */
  private decidable(open: boolean, asked: string, who: Who, may: boolean): string | null {
    if (!open) return null;
    if (who.person === null) return "Nobody decides with a key: sign in with a password.";
    if (who.person === asked) return "You asked for it: another person has to agree.";
    return may ? null : "An administrator has to agree.";
  }

  /** What it is about, as a way to it where there is one. */
  private about(what: string, id: string): Node {
    const { pickEvent, pickRegion } = this.around;
    const words = h("bdi", {}, this.called.get(id) ?? id);
    const go = what === "event" ? pickEvent : what === "region" ? pickRegion : null;
    if (!go || !this.called.has(id)) return words;
    const link = button("", () => {
      this.leave();
      go(id);
    }, { class: "link" });
    link.append(words);
    return link;
  }

  private act(label: string, run: () => Promise<unknown>, then: string, testid: string, danger = false): HTMLElement {
    return button(label, () => void this.did(run(), then), { class: danger ? "danger" : null, "data-testid": `decide-${testid}` });
  }

  private async did(act: Promise<unknown>, words: string): Promise<void> {
    if (!(await act)) return;
    this.done.textContent = words;
    announce(words);
    this.called.clear();
    this.around.changed();
    await this.load();
    this.heading.focus();
  }
}

interface Cards {
  who: Who;
  names: Record<string, string>;
}

function card(title: string, pairs: ([string, Child] | null | false)[], note: string | null, acts: readonly HTMLElement[]): HTMLElement {
  const heading = h("h4", { id: uid("card") }, title);
  return h(
    "article",
    { class: "card", "aria-labelledby": heading.id, "data-testid": "decision" },
    heading,
    facts(...pairs),
    note && h("p", { class: "quiet" }, note),
    acts.length > 0 && h("div", { class: "row acts" }, ...acts),
  );
}

function group(title: string, testid: string, cards: readonly HTMLElement[], none: string, more?: HTMLElement): HTMLElement {
  return h(
    "section",
    { class: "block", "data-testid": testid },
    h("h3", {}, title),
    ...(cards.length > 0 ? [h("div", { class: "cards" }, ...cards)] : [h("p", { class: "quiet" }, none)]),
    more,
  );
}

/** What was put down, taken back, erased or lifted: newest first. */
function history({ releases, erasures, holds, names }: Course): HTMLElement {
  const past: [string, Node[]][] = [];
  for (const one of releases)
    if (one.outcome === "refused" || one.outcome === "withdrawn" || one.ended)
      past.push([one.ended ?? one.decided ?? one.asked, [text(`${titleOfRelease(one)} of event ${one.event.slice(0, 8)}: ${releaseState(one, names)}.`)]]);
  for (const one of erasures)
    if (one.outcome !== "open") {
      const gone = one.sha256 ? [text(` ${capital(erasedWords(one))}. SHA-256 of all of it: `), h("code", {}, one.sha256)] : [];
      past.push([one.decided ?? one.asked, [text(`${titleOfErasure(one)} ${one.subject.slice(0, 8)}: ${erasureState(one, names)}.`), ...gone]]);
    }
  for (const one of holds)
    if (one.lifted)
      past.push([one.lifted, [text(`${titleOfHold(one)}: lifted ${moment(one.lifted)} by ${nameOf(one.lifted_by, names)}.`)]]);
  past.sort(([one], [other]) => other.localeCompare(one));
  const lines = past.map(([, words]) => h("li", {}, ...words));
  return h(
    "details",
    { class: "block past", "data-testid": "decisions-past" },
    h("summary", {}, `What was decided before (${past.length})`),
    h("ul", { class: "plain" }, ...lines),
  );
}

const text = (words: string): Text => document.createTextNode(words);

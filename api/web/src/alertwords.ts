// Receivers, subscriptions and messages in words: who is told, of what, and whether it arrived.

import { middle, areaKm2 } from "./geometry";
import type {
  About,
  AlertTold,
  Attempt,
  Channel,
  Disclosure,
  EventState,
  Language,
  Message,
  Met,
  MessageForm,
  Receiver,
  Rhythm,
  Severity,
  Subscription,
  WholeMessage,
  Who,
} from "./types";
import { capital, counted, isolated, kindWords, moment, squareKilometres } from "./words";

/** How a channel is called, what its address is, and what its secret is for; empty where it has none. */
export const CHANNELS: Record<Channel, { name: string; address: string; secret: string }> = {
  webhook: {
    name: "Webhook",
    address: "Where the program takes messages: https:// and so on.",
    secret: "Messages to it are signed with this secret. The program checks by it that they come from here.",
  },
  cap: {
    name: "CAP 1.2 over HTTP",
    address: "Where the program takes CAP documents: https:// and so on.",
    secret: "Messages to it are signed with this secret. The program checks by it that they come from here.",
  },
  email: { name: "E-mail", address: "One address, such as duty@example.org.", secret: "" },
  feed: { name: "Feed", address: "", secret: "The feed is opened with this secret. Whoever has it reads all that the receiver is told." },
  apprise: { name: "Another service (Apprise)", address: "An address as Apprise writes it, such as ntfys://ntfy.sh/topic.", secret: "" },
};

/** What somebody is told at each level, in one sentence, and the scope that lets one choose it. */
export const DETAILS: Record<Disclosure, { name: string; tells: string; needs: string }> = {
  notice: { name: "Notice", tells: "That there is something, how sure it is and how grave it would be; nothing of what, where or when.", needs: "watch" },
  exact: { name: "Exact", tells: "All of it: the place in degrees, its name, the looks before and after, and what speaks against it.", needs: "read" },
  partner: { name: "Partner", tells: "Only what two people released to partners: a square of about 1 km or more, and days.", needs: "release" },
  public: { name: "Public", tells: "Only what two people released to the public: an administrative area or a large square, and weeks, days late.", needs: "release" },
};

export const LANGUAGES: Record<Language, string> = { en: "English", fr: "French", ar: "Arabic" };
/** From the least grave on. */
export const SEVERITIES: readonly Severity[] = ["minor", "moderate", "severe", "extreme"];
/** In which something is told of an event for the first time, the least sure first. */
export const STARTING: readonly EventState[] = ["candidate", "provisional", "corroborated", "confirmed"];
export const RHYTHMS: Record<Rhythm, string> = { instant: "At once", daily: "Daily at 07:00", weekly: "On Mondays at 07:00" };

const FORMS: Record<MessageForm, string> = {
  single: "one alert",
  digest: "list of the day or week",
  list: "list, for there were too many",
  late: "late summary",
  test: "test",
  question: "question whether it wants to be told",
  heartbeat: "sign of life",
  alarm: "alarm",
};

export type Standing = "removed" | "off" | "cut" | "waiting" | "on";

export function standingOf({ removed, disabled, gone, confirmed }: Receiver): Standing {
  if (removed) return "removed";
  if (disabled) return "off";
  if (gone) return "cut";
  return confirmed ? "on" : "waiting";
}

/** Those who are told nothing come first: somebody may have to do something about it. */
export const ORDER: readonly Standing[] = ["cut", "off", "waiting", "on", "removed"];

/** How a receiver stands, in a word or two and in a sentence. */
export function standingWords(receiver: Receiver): [short: string, sentence: string] {
  const { removed, disabled, disabled_reason: why, gone, confirmed } = receiver;
  if (removed) return ["Removed", `Removed ${moment(removed)}. It is told nothing more, for good.`];
  if (disabled) {
    const reason = why ? ` ${/[.!?]$/.test(why) ? why : `${why}.`}` : "";
    return ["Off", `Nothing is sent since ${moment(disabled)}.${reason}`];
  }
  if (gone) return ["Cut off", "Whoever answers for it was shut out, so nothing is sent to it. What there is to tell waits until somebody takes it over."];
  if (confirmed) return ["On", `It said ${moment(confirmed)} that it wants to be told.`];
  return ["Waits", "It was asked whether it wants to be told. Until it says so nothing else is sent."];
}

/** Whether all that are to be told are told: how many receivers stand how, the worst first. */
export function allWords(receivers: readonly Receiver[], subscriptions: readonly Subscription[], contacts: ReadonlyMap<string, string>): string {
  const there = receivers.filter((one) => standingOf(one) !== "removed");
  if (there.length === 0) return "Nobody is told of events: there is no receiver.";
  const many = (which: Standing): number => there.filter((one) => standingOf(one) === which).length;
  const told = new Set([...subscriptions.filter((one) => !one.paused && one.about === "events").map((one) => one.receiver), ...contacts.keys()]);
  const idle = there.filter((one) => standingOf(one) === "on" && !told.has(one.id)).length;
  const [off, cut, waits, on] = [many("off"), many("cut"), many("waiting"), many("on") - idle];
  return capital(
    [
      `${counted(on, "receiver")} ${on === 1 ? "is" : "are"} told`,
      cut > 0 && `${cut} ${cut === 1 ? "is" : "are"} cut off, for nobody is left who answers for ${cut === 1 ? "it" : "them"}`,
      off > 0 && `${off} ${off === 1 ? "is" : "are"} off`,
      waits > 0 && `${waits} ${waits === 1 ? "has" : "have"} not said yet that they want to be told`,
      idle > 0 && `${idle} ${idle === 1 ? "has" : "have"} no subscription to events and ${idle === 1 ? "is" : "are"} told nothing new`,
    ]
      .filter(Boolean)
      .join("; "),
  ).concat(".");
}

/** 22:00, of minutes after midnight. */
export function clock(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Minutes after midnight, of what a field for a time holds; null of an empty one. */
export function minutesOf(text: string): number | null {
  const found = /^(\d\d):(\d\d)/.exec(text);
  return found ? Number(found[1]) * 60 + Number(found[2]) : null;
}

export function quietWords({ quiet_from: from, quiet_until: until, quiet_override: override, zone }: Receiver): string {
  if (from === null || until === null || from === until) return `none (clock of ${zone})`;
  const but = override ? `; ${fromOn(override)} is told all the same` : "; nothing goes past them";
  return `${clock(from)} to ${clock(until)}, ${zone}${but}`;
}

const fromOn = (severity: Severity): string => (severity === "extreme" ? "what is extreme" : severity === "minor" ? "everything" : `what is ${severity} or graver`);

/** What a subscription that is not to events tells. */
export const ABOUT: Record<Exclude<About, "events">, string> = {
  alarms: "Alarms: what is wrong with this service, once each, and when it is over.",
  heartbeat: "A sign of life every day. Where it stays out, something is wrong.",
};

/** Of what a subscription tells, in one sentence. */
export function subscriptionWords(one: Subscription, regionName: (id: string) => string | null): string {
  if (one.about !== "events") return ABOUT[one.about];
  return metWords(one, regionName, RHYTHMS[one.rhythm].toLowerCase().replace("mondays", "Mondays"));
}

/** Which events somebody is told of, and when where that is chosen. */
export function metWords(one: Met, regionName: (id: string) => string | null, when = ""): string {
  const { kinds, modes, region, geometry, least_state: state, least_severity: severity } = one;
  const what = kinds.length === 0 ? "every kind" : kinds.map(kindWords).join(", ");
  const where = [region ? `in ${isolated(regionName(region) ?? `a region no longer watched (${region})`)}` : "", geometry ? `within ${areaWords(geometry)}` : ""].filter(Boolean);
  const grave = severity === "minor" ? "" : `, ${severity}${severity === "extreme" ? "" : " or graver"}`;
  const sure = state === "confirmed" ? "once confirmed" : `from ${state} on`;
  const real = modes.includes("actual");
  const marked = modes.filter((mode) => mode !== "actual").map((mode) => `${mode}s`);
  const which = !real ? `only ${marked.join(" and ")}` : marked.length > 0 ? `with ${marked.join(" and ")}` : "";
  return capital([`${what}${grave}`, ...(where.length > 0 ? where : ["everywhere"]), sure, when, which].filter(Boolean).join(", ")).concat(".");
}

function areaWords(area: NonNullable<Subscription["geometry"]>): string {
  const [x = 0, y = 0] = middle(area);
  return `an area of ${squareKilometres(areaKm2(area))} around ${y.toFixed(2)}, ${x.toFixed(2)}`;
}

/** What a message is. */
export function messageWords({ form, events, late }: Message): string {
  const of = events.length > 1 ? ` of ${events.length} events` : "";
  return capital(`${FORMS[form] ?? form}${of}${late && form !== "late" ? ", late" : ""}`);
}

/** How a message stands: delivered or not, and what comes next. */
export function stateWords({ state, attempts, next, ended }: Pick<Message, "state" | "attempts" | "ended"> & { next?: string | null }): string {
  const tried = counted(attempts, "attempt");
  if (state === "delivered") return `delivered${ended ? ` ${moment(ended)}` : ""}${attempts > 1 ? ` at attempt ${attempts}` : ""}`;
  if (state === "dead") return `not delivered: given up after ${tried}${ended ? `, ${moment(ended)}` : ""}`;
  if (attempts === 0) return "waits to be sent";
  return `not delivered yet: ${tried} failed${next ? `, the next ${moment(next)}` : ""}`;
}

const OUTCOMES: Record<Attempt["outcome"], string> = {
  delivered: "delivered",
  failed: "failed",
  refused: "refused for good",
  gone: "gone: the receiver was switched off",
};

/** One attempt: how it ended, and what the other side said. */
export function attemptWords({ outcome, status, words }: Attempt): string {
  const said = words ? `: ${words}` : "";
  return `${OUTCOMES[outcome] ?? outcome}${status === null ? "" : `, status ${status}`}${said}`;
}

/** What became of a test; `late` where it was waited for in vain. */
export function testWords(test: WholeMessage, late: boolean): string {
  if (test.state === "waiting" && test.attempts === 0)
    return late ? "The test still waits: nothing seems to send. Ask whoever runs this service whether it sends." : "The test waits to be sent.";
  const last = test.tried.at(-1);
  const said = test.state !== "delivered" && last ? ` ${capital(attemptWords(last))}.` : "";
  return `The test ${test.state === "delivered" ? "was" : "is"} ${stateWords(test)}.${said}`;
}

const ACTS: Record<AlertTold["act"], string> = { alert: "Alert", update: "Update", cancel: "Taken back" };

export const actWords = ({ act, version }: AlertTold): string => `${ACTS[act] ?? act} (version ${version})`;

/** Whether what was told arrived; what waits for its time says when that is. */
export function arrivedWords(alert: AlertTold): string {
  const { state, due } = alert;
  if (state !== null) return stateWords({ ...alert, state });
  return due === null ? "waits: its receiver is switched off, or nothing is to be sent since a restore" : `waits, to be told ${moment(due)}`;
}

/** What is told of one event, in a sentence; whoever was told nothing last comes to light. */
export function toldWords(alerts: readonly AlertTold[]): string {
  const last = new Map(alerts.map((one) => [one.receiver, one]));
  const every = [...last.values()];
  const of = (state: AlertTold["state"][]): number => every.filter((one) => state.includes(one.state)).length;
  const [had, dead, waits] = [of(["delivered"]), of(["dead"]), of(["waiting", null])];
  return capital(
    [
      had > 0 && `${counted(had, "receiver")} ${had === 1 ? "has" : "have"} the newest of it`,
      dead > 0 && `${counted(dead, "receiver")} could not be told`,
      waits > 0 && `${counted(waits, "receiver")} ${waits === 1 ? "is" : "are"} still to be told`,
    ]
      .filter(Boolean)
      .join("; "),
  ).concat(".");
}

/** Whether somebody may change a receiver: their own, or all that there are. */
export const mayChange = (who: Who | null, receiver: Receiver): boolean =>
  who !== null && who.scopes.includes("watch") && !receiver.removed && (receiver.owner === who.key || who.scopes.includes("manage"));

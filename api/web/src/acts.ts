// Asking for and deciding what takes two people: each act with its dialog, which says what it does.

import { part, type Api } from "./api";
import { ask } from "./ask";
import { field, h } from "./dom";
import {
  HOLD_EFFECTS,
  KEEP_EFFECTS,
  agreeEraseEffects,
  agreeReleaseEffects,
  askEraseEffects,
  askReleaseEffects,
  liftEffects,
  titleOfErasure,
  titleOfHold,
  titleOfRelease,
  withdrawEffects,
} from "./twopeoplewords";
import type { Audience, Erasure, Hold, Release, Subject, WholeRelease } from "./types";

/** Something that can be erased or held. */
export interface Thing {
  what: Subject;
  id: string;
  words: string;
}

const LONGEST = 2000;
/** What has to be typed before something is erased. */
const WORD = "erase";

export function askRelease(api: Api, event: string): Promise<Release | null> {
  const audience = h(
    "select",
    { "data-testid": "ask-audience" },
    h("option", { value: "partner" }, "Partners"),
    h("option", { value: "public" }, "The public"),
  );
  const why = reason();
  return ask<Release>({
    title: "Ask that others be told of this event?",
    effects: () => askReleaseEffects(audience.value as Audience),
    fields: [field("Who is to be told", audience), field("Why (needed)", why, "The other person reads it, and it stays on record.")],
    yes: "Ask for it",
    missing: () => lacks(why),
    send: (signal) => api.json("/releases", { method: "POST", body: { event, audience: audience.value, reason: why.value.trim() }, signal }),
  });
}

export const agreeRelease = (api: Api, found: WholeRelease): Promise<Release | null> =>
  decide(`${titleOfRelease(found)}?`, agreeReleaseEffects(found, found.preview?.place ?? null), "Agree", true, (signal) =>
    api.json(`/releases/${part(found.id)}/agree`, { method: "POST", signal }),
  );

export const refuseRelease = (api: Api, found: Release): Promise<Release | null> =>
  decide("Put this down?", ["Nobody is told. The request stays on record, with your name."], "Put it down", false, (signal) =>
    api.json(`/releases/${part(found.id)}/refuse`, { method: "POST", signal }),
  );

export const withdrawRelease = (api: Api, found: Release): Promise<Release | null> =>
  decide(found.outcome === "open" ? "Take the request back?" : "Take the release back?", withdrawEffects(found), "Take it back", found.outcome !== "open", (signal) =>
    api.json(`/releases/${part(found.id)}/withdraw`, { method: "POST", signal }),
  );

export function askErasure(api: Api, things: readonly Thing[]): Promise<Erasure | null> {
  const chosen = choice(things);
  const why = reason();
  return ask<Erasure>({
    title: "Ask that this be erased?",
    effects: () => askEraseEffects(thing(things, chosen).what),
    fields: [field("What is to be erased", chosen), field("Why (needed)", why, "It stays readable when all else is gone: name no place and nobody.")],
    yes: "Ask for it",
    danger: true,
    missing: () => lacks(why),
    send: (signal) => {
      const { what, id } = thing(things, chosen);
      return api.json("/erasures", { method: "POST", body: { what, id, reason: why.value.trim() }, signal });
    },
  });
}

/** Erase what another person asked for; the word has to be typed, for nothing brings it back. */
export function agreeErasure(api: Api, found: Erasure): Promise<Erasure | null> {
  const word = h("input", { type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "data-testid": "ask-word" });
  return ask<Erasure>({
    title: `${titleOfErasure(found)} for ever?`,
    effects: () => agreeEraseEffects(found.what),
    fields: [field(`Type the word ${WORD}`, word)],
    yes: "Agree and erase",
    danger: true,
    missing: () => (word.value.trim().toLowerCase() === WORD ? null : `Type the word ${WORD}, or cancel.`),
    send: (signal) => api.json(`/erasures/${part(found.id)}/agree`, { method: "POST", signal }),
  });
}

export const refuseErasure = (api: Api, found: Erasure, own: boolean): Promise<Erasure | null> =>
  decide(
    own ? "Take the request back?" : "Put this down?",
    ["Nothing is erased. The request stays on record, with your name."],
    own ? "Take it back" : "Put it down",
    false,
    (signal) => api.json(`/erasures/${part(found.id)}/refuse`, { method: "POST", signal }),
  );

export function setHold(api: Api, things: readonly Thing[]): Promise<Hold | null> {
  const chosen = choice(things, true);
  const why = reason();
  return ask<Hold>({
    title: "Set a legal hold?",
    effects: () => HOLD_EFFECTS,
    fields: [field("What is to be held", chosen), field("Why (needed)", why, "The order or the case, say. It stays on record.")],
    yes: "Set the hold",
    missing: () => lacks(why),
    send: (signal) => {
      const { what, id } = chosen.value === ALL ? { what: ALL, id: "" } : thing(things, chosen);
      return api.json("/holds", { method: "POST", body: { what, id, reason: why.value.trim() }, signal });
    },
  });
}

export function liftHold(api: Api, found: Hold): Promise<Hold | null> {
  const first = found.lifting_asked_by === null;
  const why = reason();
  return ask<Hold>({
    title: first ? `Ask that this be lifted: ${lower(titleOfHold(found))}?` : `Lift it: ${lower(titleOfHold(found))}?`,
    effects: () => liftEffects(found),
    fields: first ? [field("Why (needed)", why, "The other administrator reads it, and it stays on record.")] : [],
    yes: first ? "Ask for it" : "Lift it",
    danger: !first,
    missing: () => (first ? lacks(why) : null),
    send: (signal) => api.json(`/holds/${part(found.id)}/lift`, { method: "POST", body: { reason: why.value.trim() }, signal }),
  });
}

export const keepHold = (api: Api, found: Hold): Promise<Hold | null> =>
  decide("Keep this hold?", KEEP_EFFECTS, "Keep it", false, (signal) => api.json(`/holds/${part(found.id)}/keep`, { method: "POST", signal }));

function decide<T>(title: string, effects: readonly string[], yes: string, danger: boolean, send: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
  return ask<T>({ title, effects: () => effects, fields: [], yes, danger, missing: () => null, send });
}

const ALL = "all";

/** A choice of things, and of everything where that can be chosen. */
function choice(things: readonly Thing[], all = false): HTMLSelectElement {
  const select = h("select", { "data-testid": "ask-thing" });
  things.forEach((one, at) => select.append(h("option", { value: at }, one.words)));
  if (all) select.append(h("option", { value: ALL }, "Everything there is"));
  return select;
}

function thing(things: readonly Thing[], select: HTMLSelectElement): Thing {
  const found = things[Number(select.value)];
  if (!found) throw new Error("Choose what it is about.");
  return found;
}

const reason = (): HTMLTextAreaElement => h("textarea", { rows: 3, maxlength: LONGEST, required: true, "data-testid": "ask-reason" });
const lacks = (why: HTMLTextAreaElement): string | null => (why.value.trim() ? null : "Say why: another person has to decide by that.");
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

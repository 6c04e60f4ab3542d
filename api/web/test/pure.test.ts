import assert from "node:assert/strict";
import { test } from "node:test";
import { allWords, arrivedWords, attemptWords, clock, mayChange, minutesOf, quietWords, standingOf, standingWords, stateWords, subscriptionWords, testWords, toldWords } from "../src/alertwords";
import { alarmWords, inOrder } from "../src/alarmwords";
import { actsWords, effectWords, stepWords } from "../src/informedwords";
import { cameTo, darkMonths, notSeen, rateWords } from "../src/backtestwords";
import { areaKm2, boxOf, parseBox, readArea, rectangle } from "../src/geometry";
import { addressOf, tilesFrom } from "../src/home";
import { sectionWords, tookWords } from "../src/latencywords";
import { holdingWords, mayChangeResponder, minutesWords } from "../src/responderwords";
import { leftOut, longestGap, looksOf, lostWords, sensorsOf } from "../src/looks";
import { hashOf, readHash } from "../src/state";
import { nameOf, releaseState, waitFor } from "../src/twopeoplewords";
import type { Alarm, AlertTold, BacktestReport, Cause, Erasure, EventState, Hold, Job, LedgerRow, Opinion, Receiver, RegionImagery, Release, Responder, Status, Subscription, Verb, Who, WholeMessage, WholeProperties, Informed } from "../src/types";
import { notAloneWords, REASONS, missing, offers, opinionWords, standing } from "../src/verbs";
import {
  blindWords,
  evidenceValue,
  evidenceWords,
  hectares,
  interval,
  isolated,
  jobWords,
  lookTime,
  modeWord,
  sightOf,
  sightWords,
  twoDays,
  whereWords,
  whyWords,
} from "../src/words";

const row = (sensed: string, status: Status, cause: Cause | null, cell = "A", settlement: string | null = null): LedgerRow => ({
  acquisition: `S2_${sensed}`,
  cell,
  settlement,
  detector: "ground_change",
  sensed,
  status,
  cause,
  usable: 1,
  words: cause ? `${cause} over 83 %` : "",
  detail: {},
});

test("an interval says year and month once where they are the same", () => {
  assert.equal(interval("2018-04-27T09:00:00Z", "2018-05-22T09:00:00Z"), "changed between 27 Apr and 22 May 2018");
  assert.equal(interval("2018-05-02T09:00:00Z", "2018-05-22T09:00:00Z"), "changed between 2 and 22 May 2018");
  assert.equal(interval("2018-12-27T09:00:00Z", "2019-01-02T09:00:00Z"), "changed between 27 Dec 2018 and 2 Jan 2019");
  assert.equal(interval(null, "2018-05-22T09:00:00Z"), "changed on or before 22 May 2018");
  assert.equal(twoDays("2018-09-01T00:00:00Z", "2018-09-01T23:00:00Z"), "1 Sep 2018");
});

test("bounds are read, and what is wrong with them is said", () => {
  assert.deepEqual(parseBox("25.1, 45.2, 25.14,45.23"), [25.1, 45.2, 25.14, 45.23]);
  for (const bad of ["", "1,2,3", "a,b,c,d", "25,45,24,46", "25,46,26,45", "-181,0,0,1", "0,-91,1,0"])
    assert.equal(typeof parseBox(bad), "string", bad);
});

test("an area is read from GeoJSON, and what is wrong with it is said", () => {
  const one = rectangle([25, 45, 26, 46]);
  const feature = { type: "Feature", properties: {}, geometry: one };
  assert.deepEqual(readArea(JSON.stringify(one)), one);
  assert.deepEqual(readArea(JSON.stringify({ type: "FeatureCollection", features: [feature] })), one);
  const two = readArea(JSON.stringify({ type: "FeatureCollection", features: [feature, feature] }));
  assert.ok(typeof two !== "string" && two.type === "MultiPolygon" && two.coordinates.length === 2);
  const point = { type: "Point", coordinates: [1, 2] };
  const far = { type: "Polygon", coordinates: [[[500000, 0], [1, 1], [1, 2], [500000, 0]]] };
  for (const bad of ["", "{", "null", "7", '"text"', "[]", "{}", JSON.stringify(point), JSON.stringify(far), '{"type":"Polygon","coordinates":[]}', '{"type":"Feature","geometry":null}', '{"type":"MultiPolygon","coordinates":[[1]]}'])
    assert.equal(typeof readArea(bad), "string", bad);
});

test("an area on the sphere", () => {
  const degree = areaKm2(rectangle([0, 0, 1, 1]));
  assert.ok(Math.abs(degree - 12_364) < 10, String(degree));
  assert.deepEqual(boxOf(rectangle([25, 45, 26, 46]), null), [25, 45, 26, 46]);
  assert.equal(boxOf(), null);
});

test("a look over several grid cells is marked by the most telling one", () => {
  const looks = looksOf([
    row("2018-05-12T09:00:00Z", "not_observable", "cloud", "A"),
    row("2018-05-12T09:00:00Z", "unchanged", null, "B"),
    row("2018-05-02T09:00:00Z", "not_observable", "cloud"),
  ]);
  assert.equal(looks.length, 2);
  assert.equal(looks[0]?.words, "cloud over 83 %");
  assert.equal(looks[0]?.mark.letter, "C");
  assert.equal(looks[1]?.mark.key, "unchanged");
  assert.ok(looks[1]?.usable);
  assert.match(looks[1]?.words ?? "", /cloud over 83 % in 1 of 2 grid cells/);
});

test("a look at several settlements speaks of settlements", () => {
  const at = (status: Status, cause: Cause | null, settlement: string): LedgerRow =>
    row("2018-05-12T09:00:00Z", status, cause, "A", settlement);
  const [look] = looksOf([at("unchanged", null, "x"), at("not_observable", "cloud", "y")]);
  assert.match(look?.words ?? "", /cloud over 83 % in 1 of 2 settlements/);
  const [same] = looksOf([at("not_observable", "cloud", "x"), at("not_observable", "cloud", "y")]);
  assert.equal(same?.words, "cloud over 83 % (the same in all 2 settlements)");
});

test("what a burned event rests on, in words", () => {
  const words = evidenceWords({
    surroundings_changed: 0.25,
    char_fraction_change: 0.527,
    log_likelihood_ratio: Math.log(440),
    near_infrared_factor: 0.569,
    visible_factor: 1.2,
    char_index_change: -0.05,
    pixels: 12,
  });
  assert.deepEqual(words, [
    ["Near-infrared", "× 0.57 of what its past and its surroundings let expect"],
    ["Visible light", "× 1.20 of what its past and its surroundings let expect"],
    ["Char", "on 53 % more of its ground than its past and its surroundings let expect"],
    ["Char index (NBRSWIR)", "0.050 less than its past and its surroundings let expect"],
    ["Surroundings", "25 % of them changed as well"],
    ["Log-likelihood ratio", "6.09 nats: about 440 times likelier with the change than without it"],
    ["Pixels", "12"],
  ]);
  assert.deepEqual(evidenceWords({ log_likelihood_ratio: -1 }), [["Log-likelihood ratio", "-1 nats"]]);
  assert.match(evidenceWords({ log_likelihood_ratio: 30 })[0]?.[1] ?? "", /more than a million times/);
  assert.deepEqual(evidenceWords({ near_infrared_factor: "not seen" }), [["Near infrared factor", "not seen"]]);
});

test("only what is about the world goes unmarked", () => {
  assert.deepEqual((["actual", "exercise", "test"] as const).map(modeWord), ["", "EXERCISE", "TEST"]);
});

test("a region that is read with less, not at all, or misses passes says so", () => {
  const read = (stage: RegionImagery["stage"], missing = 0): RegionImagery => ({
    stage, words: "", why: "", blind_since: null, until: null, missing_passes: missing,
  });
  assert.deepEqual(
    [null, read("full"), read("full", 1), read("coarse"), read("prelook"), read("other_provider"), read("paused")].map(sightOf),
    ["full", "full", "less", "less", "less", "less", "blind"],
  );
  assert.equal(sightOf({ ...read("full"), why: "the last run failed" }), "less");
  assert.equal(blindWords("2026-11-20T10:12:00Z"), "BLIND since 20 Nov 2026, 10:12 UTC");
  assert.equal(blindWords(null), "BLIND: nothing is read");
  assert.equal(sightWords([]), "");
  assert.equal(sightWords([read("full"), null]), "");
  assert.equal(sightWords([read("paused"), read("full")]), "1 of 2 regions is BLIND");
  assert.equal(sightWords([read("coarse"), read("full", 2)]), "2 of 2 regions are read with less or miss passes");
  assert.equal(
    sightWords([read("paused"), read("paused"), read("prelook")]),
    "2 of 3 regions are BLIND; 1 more is read with less or misses passes",
  );
});

test("the longest time blind is between usable looks", () => {
  const looks = looksOf([
    row("2018-01-01T09:00:00Z", "unchanged", null),
    row("2018-02-01T09:00:00Z", "not_observable", "cloud"),
    row("2018-03-01T09:00:00Z", "changed", null),
    row("2018-03-11T09:00:00Z", "unchanged", null),
  ]);
  assert.deepEqual(longestGap(looks), { start: "2018-01-01T09:00:00Z", end: "2018-03-01T09:00:00Z" });
  assert.equal(longestGap(looks.slice(0, 1)), null);
});

test("what was left out is counted by reason", () => {
  const look = (sensed: string, why: string) => ({
    acquisition: sensed,
    sensed,
    used: why === "used",
    status: "unchanged",
    why,
    values: [],
  });
  const looks = [look("2018-01-01", "used"), look("2018-01-11", "cloud"), look("2018-01-21", "nodata"), look("2018-02-01", "cloud")];
  assert.deepEqual(leftOut(looks, null, null), { total: 3, used: 1, words: "2 cloud, 1 no data" });
  assert.equal(leftOut(looks, "2018-01-11", "2018-02-01").words, "1 no data");
});

test("the address holds an id and nothing else", () => {
  assert.deepEqual(readHash("#event/747eb169-0b1c"), { what: "event", id: "747eb169-0b1c" });
  assert.equal(hashOf({ what: "region", id: "r1" }), "#region/r1");
  for (const bad of ["", "#", "#event/", "#event/a/b", "#event/<b>", "#other/1"]) assert.equal(readHash(bad), null, bad);
});

test("why a look was left out, without its numbers", () => {
  assert.equal(whyWords("cloud over 75%"), "cloud");
  assert.equal(whyWords("snow over 88 %"), "snow");
  assert.equal(whyWords("not clear over this place"), "not clear over this place");
  assert.equal(whyWords("nodata"), "no data");
  assert.equal(whyWords(null), "left out");
});

test("numbers in words", () => {
  assert.equal(hectares(0.694), "0.69 ha");
  assert.equal(hectares(123.4), "123.4 ha");
  assert.equal(hectares(250_000), "2,500 km²");
  assert.equal(evidenceValue(1.9034), "1.90");
  assert.equal(evidenceValue(25), "25");
  assert.equal(whereWords("body.properties.name"), "name");
  const job: Job = {
    id: "j", region: "r", state: "running", started: null, finished: null, until: null,
    done: 25, total: 139, sensed: "2017-06-06T09:00:00Z", rate: 3.4, seconds_left: 33, detail: null,
  };
  assert.equal(jobWords(job), "Taking looks; 25 of 139 looks; now at 6 Jun 2017; 3.4 looks a second; about 33 seconds left");
});

const said = (verb: Verb, act: string, more: Partial<Opinion> = {}): Opinion => ({
  id: `${act}-here`,
  act,
  version: 2,
  verb,
  who: "anna",
  said: "2024-05-03T09:00:00Z",
  reason: null,
  text: "",
  other: null,
  sources: [],
  undoes: null,
  ...more,
});

const event = (state: EventState, sources: number, merged_into: string | null = null): WholeProperties =>
  ({ state, merged_into, sources: Array.from({ length: sources }, () => ({})) }) as WholeProperties;

const verbsOf = (one: WholeProperties, opinions: Opinion[]): Verb[] => offers(one, opinions).map(({ verb }) => verb);

test("what can be said of an event follows from where it stands", () => {
  assert.deepEqual(verbsOf(event("provisional", 1), []), ["confirm", "dispute", "reject", "retract", "close", "merge"]);
  assert.deepEqual(verbsOf(event("provisional", 2), []), ["confirm", "dispute", "reject", "retract", "close", "split", "merge"]);
  const confirmed = [said("confirm", "a")];
  assert.ok(verbsOf(event("confirmed", 1), confirmed).includes("reopen"));
  assert.equal(verbsOf(event("confirmed", 1), confirmed).at(-1), "undo");
  const back = [...confirmed, said("undo", "b", { undoes: "a" })];
  assert.deepEqual(standing(back), []);
  assert.deepEqual(verbsOf(event("provisional", 1), back), verbsOf(event("provisional", 1), []));
  // Closed by people can be given back; closed by the software alone cannot.
  assert.ok(verbsOf(event("closed", 1), [said("close", "c")]).includes("reopen"));
  assert.ok(!verbsOf(event("closed", 1), []).includes("reopen"));
  // Of one that is part of another only the merger can be taken back.
  assert.deepEqual(verbsOf(event("closed", 0, "other"), [said("merge", "d", { other: "other" })]), ["undo"]);
  assert.deepEqual(verbsOf(event("closed", 0, "other"), []), []);
});

test("what two people look at nobody is offered to settle alone", () => {
  const waits: Verb[] = ["close", "confirm", "dispute", "reject", "retract"];
  assert.deepEqual(offers(event("provisional", 2), [], waits).map(({ verb }) => verb), ["split", "merge"]);
  assert.match(notAloneWords(waits), /use Verify/);
  const settled = [said("confirm", "a", { who: "people who looked" })];
  const left = offers(event("confirmed", 1), settled, ["confirm", "reject", "undo"]).map(({ verb }) => verb);
  assert.deepEqual(left, ["dispute", "retract", "close", "reopen", "merge"]);
  assert.match(notAloneWords(["confirm", "reject", "undo"]), /disputes it/);
  assert.match(notAloneWords(["undo"]), /10 minutes/);
});

test("what an act lacks is said before it is sent", () => {
  const all = offers(event("provisional", 2), [said("confirm", "a")]);
  const offer = (verb: Verb) => all.find((one) => one.verb === verb) ?? assert.fail(verb);
  assert.equal(missing(offer("confirm"), { verb: "confirm" }, 2), null);
  assert.match(missing(offer("dispute"), { verb: "dispute", text: "  " }, 2) ?? "", /Say why/);
  assert.match(missing(offer("reject"), { verb: "reject" }, 2) ?? "", /reason/);
  assert.match(missing(offer("reject"), { verb: "reject", reason: "other" }, 2) ?? "", /in words/);
  assert.equal(missing(offer("reject"), { verb: "reject", reason: "construction" }, 2), null);
  assert.match(missing(offer("split"), { verb: "split", sources: [] }, 2) ?? "", /Choose/);
  assert.match(missing(offer("split"), { verb: "split", sources: ["a", "b"] }, 2) ?? "", /Leave at least one/);
  assert.equal(missing(offer("split"), { verb: "split", sources: ["a"] }, 2), null);
  assert.match(missing(offer("merge"), { verb: "merge", other: "" }, 2) ?? "", /other event/);
});

test("what people did is told with who, why and the other event", () => {
  assert.equal(opinionWords(said("reject", "a", { reason: "construction" })), "anna rejected it: Building work");
  assert.equal(opinionWords(said("split", "b", { other: "0123456789", sources: ["x"] })), "anna split it: 1 source, with event 01234567");
  assert.equal(REASONS.length, 12);
});

test("each detector has looks of its own, and one look of several says whose each word is", () => {
  const radar = { ...row("2024-05-03T09:00:00Z", "not_delivered", null), detector: "radar", acquisition: "S1" };
  const rows = [row("2024-05-02T09:00:00Z", "unchanged", null), row("2024-05-07T09:00:00Z", "not_observable", "cloud"), radar];
  assert.deepEqual(sensorsOf(rows).map((one) => [one.detector, one.looks.length]), [["ground_change", 2], ["radar", 1]]);
  assert.equal(lostWords(looksOf(rows).filter((look) => !look.usable)), "1 not delivered, 1 cloud");
  const burned = { ...row("2024-05-02T09:00:00Z", "changed", null), detector: "burned" };
  const [look] = looksOf([row("2024-05-02T09:00:00Z", "unchanged", null), burned]);
  assert.equal(look?.words, "Burned settlements (Sentinel-2, optical): changed; Ground change (Sentinel-2, optical): unchanged");
  assert.equal(look?.mark.key, "changed");
});

const report: BacktestReport = {
  since: "2019-11-15T00:00:00Z",
  until: "2020-03-15T00:00:00Z",
  learned_since: "2018-11-15T00:00:00Z",
  settlements: 2,
  detectors: [
    {
      detector: "burned",
      looks: 5,
      usable_looks: 3,
      longest_blind_days: 61.4,
      by_month: [
        { month: "2019-12", looks: 2, usable_looks: 2 },
        { month: "2020-01", looks: 2, usable_looks: 0 },
        { month: "2020-03", looks: 1, usable_looks: 1 },
      ],
    },
  ],
  events: [],
  told: 0,
  candidates: 1,
  alerts: [],
  spent: { units: 0, requests: 0 },
  not_seen: ["burned: no usable look at 1 settlement"],
};

test("a month without looks is as dark as one in which none was usable", () => {
  // November has no look at all, January two that show nothing, February again none.
  assert.deepEqual(darkMonths(report, report.detectors[0]?.by_month ?? []), ["Nov 2019", "Jan 2020", "Feb 2020"]);
  const [first, second] = notSeen(report);
  assert.match(first ?? "", /5 looks, 3 usable; at most 61 days without a usable one; none usable in Nov 2019, Jan 2020, Feb 2020\./);
  assert.equal(second, "Burned settlements (Sentinel-2, optical): no usable look at 1 settlement.");
});

test("a backtest that could see nothing does not say that nothing was there", () => {
  assert.match(cameTo(report), /no event would have been told, and 1 first sign held back/);
  const blind = { ...report, detectors: report.detectors.map((one) => ({ ...one, usable_looks: 0 })) };
  assert.equal(cameTo(blind), "From 15 Nov 2019 to 15 Mar 2020 no look could be used, so nothing can be said of that time.");
  assert.equal(rateWords({ count: 1, per_month: 0.5, low: 0.0127, high: 2.786 }), "0.50 a month (0.01 to 2.79)");
  assert.equal(rateWords({ count: 0, per_month: null, low: null, high: null }), "not known");
});

const dina: Who = { organisation: "o", name: "Dina", key: "per-1", role: "admin", person: "per-1", scopes: ["release", "manage"] };
const asked = { id: "x", reason: "r", asked: "2026-01-01T00:00:00Z", outcome: "open" as const, decided_by: null, decided: null };
const release = (by: string): Release => ({ ...asked, asked_by: by, event: "e", audience: "partner", ended: null, ended_by: null });
const erasure = (by: string): Erasure => ({ ...asked, asked_by: by, what: "event", subject: "e", sha256: null, rows: {}, states: {} });
const hold = (lifting: string | null): Hold => ({
  id: "h", what: "all", subject: null, reason: "r", set_by: "per-2", set: "2026-01-01T00:00:00Z", lifted: null, lifted_by: null, lifting_asked_by: lifting,
});

test("what waits is counted for those who can decide it, and not what they asked for", () => {
  const course = {
    releases: [release("per-1"), release("per-2"), { ...release("per-2"), outcome: "refused" as const }],
    erasures: [erasure("per-2"), erasure("per-1")],
    holds: [hold(null), hold("per-2"), hold("per-1")],
  };
  assert.equal(waitFor(dina, course), 3);
  assert.equal(waitFor({ ...dina, scopes: ["release"] }, course), 1);
  // Nobody decides with a key.
  assert.equal(waitFor({ ...dina, person: null }, course), 0);
});

test("a name that runs from right to left leaves the order of the sentence", () => {
  assert.equal(isolated("Dina"), "Dina");
  assert.equal(isolated("\u0628\u062f\u0631"), "\u2068\u0628\u062f\u0631\u2069");
  const done: Release = { ...release("per-1"), outcome: "refused", decided_by: "per-2" };
  assert.equal(releaseState(done, { "per-2": "\u0628\u062f\u0631" }), "put down by \u2068\u0628\u062f\u0631\u2069");
  assert.equal(nameOf("per-1", { "per-1": "Dina" }, dina), "Dina (you)");
  assert.equal(nameOf("per-9", {}), "somebody no longer known (per-9)");
});

test("what has not arrived is told beside how long it took, and not hidden by it", () => {
  const took = (seconds: number, at_least = false) => ({ seconds, at_least });
  const told = { section: "told", over: 20, open: 3, unknown: 0, p50: took(7200), p95: took(400000, true), longest: took(400000, true) };
  assert.equal(tookWords(told), "half within 2 hours, 95 % within 4.6 days or longer, longest 4.6 days or longer, 3 not yet");
  assert.equal(tookWords({ ...told, over: 0, open: 0, unknown: 2, p50: null, p95: null, longest: null }), "2 not known");
  assert.equal(tookWords({ ...told, over: 0, open: 0, p50: null, p95: null, longest: null }), "none");
  assert.equal(sectionWords("told"), "From the look until told");
});

const receiver = (more: Partial<Receiver> = {}): Receiver => ({
  id: "rcv-1",
  name: "Night duty",
  channel: "email",
  owner: "per-1",
  language: "en",
  detail: "notice",
  zone: "Africa/Khartoum",
  quiet_from: null,
  quiet_until: null,
  quiet_override: null,
  storm_cap: 20,
  scope: "Private",
  pictures: false,
  confirmed: "2026-11-22T10:00:00Z",
  disabled: null,
  disabled_reason: null,
  removed: null,
  ...more,
});

const subscription = (more: Partial<Subscription> = {}): Subscription => ({
  id: "sub-1",
  receiver: "rcv-1",
  name: "All of it",
  about: "events",
  region: null,
  geometry: null,
  kinds: [],
  modes: ["actual"],
  least_state: "provisional",
  least_severity: "minor",
  rhythm: "instant",
  paused: null,
  ...more,
});

test("how a receiver stands: the graver word wins, and the reason is told once", () => {
  assert.equal(standingOf(receiver()), "on");
  assert.equal(standingOf(receiver({ confirmed: null })), "waiting");
  assert.equal(standingOf(receiver({ confirmed: null, disabled: "2026-11-22T10:00:00Z" })), "off");
  assert.equal(standingOf(receiver({ disabled: "2026-11-22T10:00:00Z", removed: "2026-11-22T10:00:00Z" })), "removed");
  assert.equal(standingOf(receiver({ gone: true })), "cut");
  assert.match(standingWords(receiver({ gone: true }))[1], /^Whoever answers for it was shut out, so nothing is sent to it/);
  assert.equal(standingOf(receiver({ gone: true, disabled: "2026-11-22T10:00:00Z" })), "off");
  const off = receiver({ disabled: "2026-11-22T10:00:00Z", disabled_reason: "It answered: HTTP 410" });
  assert.deepEqual(standingWords(off), ["Off", "Nothing is sent since 22 Nov 2026, 10:00 UTC. It answered: HTTP 410."]);
});

test("whether all that are to be told are told", () => {
  const none = new Map<string, string>();
  assert.equal(allWords([], [], none), "Nobody is told of events: there is no receiver.");
  assert.equal(allWords([receiver({ removed: "2026-11-22T10:00:00Z" })], [], none), "Nobody is told of events: there is no receiver.");
  assert.equal(allWords([receiver()], [subscription()], none), "1 receiver is told.");
  assert.equal(allWords([receiver()], [subscription({ paused: "2026-11-22T10:00:00Z" })], none), "0 receivers are told; 1 has no subscription to events and is told nothing new.");
  const off = receiver({ id: "rcv-2", disabled: "2026-11-22T10:00:00Z" });
  const waits = receiver({ id: "rcv-3", confirmed: null });
  assert.equal(allWords([receiver(), off, waits], [subscription()], none), "1 receiver is told; 1 is off; 1 has not said yet that they want to be told.");
  assert.equal(allWords([receiver()], [], new Map([["rcv-1", "Aid"]])), "1 receiver is told.");
  assert.equal(allWords([receiver({ gone: true })], [subscription()], none), "0 receivers are told; 1 is cut off, for nobody is left who answers for it.");
});

test("quiet hours in words, and to minutes and back", () => {
  assert.equal(quietWords(receiver()), "none (clock of Africa/Khartoum)");
  assert.equal(quietWords(receiver({ quiet_from: 60, quiet_until: 60 })), "none (clock of Africa/Khartoum)");
  assert.equal(quietWords(receiver({ quiet_from: 1320, quiet_until: 365 })), "22:00 to 06:05, Africa/Khartoum; nothing goes past them");
  assert.equal(quietWords(receiver({ quiet_from: 0, quiet_until: 1439, quiet_override: "severe" })), "00:00 to 23:59, Africa/Khartoum; what is severe or graver is told all the same");
  for (const minutes of [0, 59, 60, 1439]) assert.equal(minutesOf(clock(minutes)), minutes);
  assert.equal(minutesOf(""), null);
});

test("what a subscription tells of is said in one sentence", () => {
  const name = (id: string): string | null => (id === "reg-1" ? "North" : null);
  assert.equal(subscriptionWords(subscription(), name), "Every kind, everywhere, from provisional on, at once.");
  const narrow = subscription({ kinds: ["burned", "razed"], region: "reg-1", geometry: rectangle([25, 45, 26, 46]), modes: ["actual", "exercise"], least_state: "confirmed", least_severity: "severe", rhythm: "weekly" });
  assert.match(subscriptionWords(narrow, name), /^Burned, razed, severe or graver, in North, within an area of [\d,]+ km² around 45\.50, 25\.50, once confirmed, on Mondays at 07:00, with exercises\.$/);
  assert.match(subscriptionWords(subscription({ about: "heartbeat" }), name), /^A sign of life every day/);
  assert.match(subscriptionWords(subscription({ region: "reg-9", modes: ["test"] }), name), /in a region no longer watched \(reg-9\).*, only tests\.$/);
});

test("how a message stands never sounds delivered where it is not", () => {
  const ended = "2026-11-22T10:00:00Z";
  assert.equal(stateWords({ state: "delivered", attempts: 1, ended }), "delivered 22 Nov 2026, 10:00 UTC");
  assert.equal(stateWords({ state: "delivered", attempts: 3, ended }), "delivered 22 Nov 2026, 10:00 UTC at attempt 3");
  assert.equal(stateWords({ state: "dead", attempts: 11, ended }), "not delivered: given up after 11 attempts, 22 Nov 2026, 10:00 UTC");
  assert.equal(stateWords({ state: "waiting", attempts: 0, ended: null }), "waits to be sent");
  assert.equal(stateWords({ state: "waiting", attempts: 1, ended: null, next: ended }), "not delivered yet: 1 attempt failed, the next 22 Nov 2026, 10:00 UTC");
  assert.equal(attemptWords({ sequence: 1, began: ended, ended, outcome: "failed", status: 503, words: "busy" }), "failed, status 503: busy");
  assert.equal(attemptWords({ sequence: 1, began: ended, ended, outcome: "failed", status: null, words: "" }), "failed");
});

test("what became of a test is said with what the other side said", () => {
  const sent: WholeMessage = { id: "msg-1", receiver: "rcv-1", form: "test", mode: "test", events: [], made: "2026-11-22T10:00:00Z", late: false, state: "waiting", attempts: 0, next: null, ended: null, tried: [] };
  assert.equal(testWords(sent, false), "The test waits to be sent.");
  assert.match(testWords(sent, true), /nothing seems to send/);
  assert.equal(testWords({ ...sent, state: "delivered", attempts: 1 }, false), "The test was delivered.");
  const tried: WholeMessage["tried"] = [{ sequence: 1, began: sent.made, ended: sent.made, outcome: "refused", status: 550, words: "no such mailbox" }];
  assert.equal(testWords({ ...sent, state: "dead", attempts: 1, tried }, false), "The test is not delivered: given up after 1 attempt. Refused for good, status 550: no such mailbox.");
});

test("who was told of an event: the newest of each counts", () => {
  const told = (more: Partial<AlertTold>): AlertTold => ({ id: "alr-1", receiver: "rcv-1", receiver_name: "Night duty", channel: "email", detail: "notice", sequence: 1, version: 1, act: "alert", severity: "severe", made: "2026-11-22T10:00:00Z", due: "2026-11-23T05:00:00Z", message: "msg-1", state: "delivered", attempts: 1, ended: null, ...more });
  assert.equal(arrivedWords(told({ message: null, state: null, due: null })), "waits: its receiver is switched off, or nothing is to be sent since a restore");
  assert.equal(toldWords([told({})]), "1 receiver has the newest of it.");
  assert.equal(toldWords([told({}), told({ sequence: 2, state: "dead" })]), "1 receiver could not be told.");
  assert.equal(toldWords([told({}), told({ receiver: "rcv-2", message: null, state: null }), told({ receiver: "rcv-3", state: "waiting" })]), "1 receiver has the newest of it; 2 receivers are still to be told.");
  assert.equal(arrivedWords(told({ message: null, state: null })), "waits, to be told 23 Nov 2026, 05:00 UTC");
});

const who = (more: Partial<Who>): Who => ({ organisation: "local", name: "Amina", key: "per-1", role: "analyst", person: "per-1", scopes: ["read", "watch"], ...more });

test("one changes one's own receivers, and who lets people in all", () => {
  assert.ok(mayChange(who({}), receiver()));
  assert.ok(!mayChange(who({ key: "per-2" }), receiver()));
  assert.ok(mayChange(who({ key: "per-2", scopes: ["read", "watch", "manage"] }), receiver()));
  assert.ok(!mayChange(who({ scopes: ["read"] }), receiver()));
  assert.ok(!mayChange(who({}), receiver({ removed: "2026-11-22T10:00:00Z" })));
  assert.ok(!mayChange(null, receiver()));
});

test("who acts is said first, and that nobody does is said as plainly", () => {
  const one = (state: Informed["items"][number]["state"]): Informed["items"][number] => ({ id: "rsp-1", responder: "rsd-1", name: "Aid", state, since: "2026-11-22T10:00:00Z", told: "2026-11-22T10:00:00Z", due: null, handed_to: null, contacts: [], steps: [] });
  const known = (more: Partial<Informed>): Informed => ({ event: "evt-1", acts: [], unanswered: false, items: [], notes: [], effects: [], names: {}, ...more });
  assert.equal(actsWords(known({})), "Nobody of the network was told of it.");
  assert.equal(actsWords(known({ items: [one("told"), one("declined")] })), "Nobody has taken charge. 1 organisation is yet to answer.");
  assert.equal(actsWords(known({ items: [one("unanswered")], unanswered: true })), "Nobody has taken charge. Somebody was asked by every contact there is, and did not answer.");
  assert.equal(actsWords(known({ items: [one("unreleased")] })), "Nobody has taken charge. 1 organisation waits for a release by two people.");
  assert.equal(actsWords(known({ acts: ["Aid", "Relief"], items: [one("taken_charge"), one("taken_charge")] })), "Aid and Relief have taken charge.");
  assert.equal(effectWords({ id: "e", at: "", by: "", effect: "backfire", date: "2026-11-22", source: "a desk", words: "They were followed.", responder: null }), "Harm came of telling, 2026-11-22, by a desk: They were followed.");
  assert.equal(effectWords({ id: "e", at: "", by: "per-1", effect: "none", date: "2026-11-22", source: "a desk", words: "", responder: null }, null, "Amal"), "Nothing was done, 2026-11-22, by a desk, written down by Amal.");
  assert.equal(stepWords({ at: "", act: "declined", receiver: "rcv-1", by: "per-1", words: "No car.", to: null }, "Duty", "Amal"), "declined, Duty, written down by Amal: No car.");
  assert.equal(effectWords({ id: "e", at: "", by: "", effect: "none", date: "2026-11-22", source: "a desk", words: "", responder: "rsd-1" }, "Aid"), "Nothing was done, 2026-11-22, about Aid, by a desk.");
});

test("an agreement that is over or has nobody to call is no agreement that holds", () => {
  const now = Date.parse("2026-11-22T10:00:00Z");
  const made = (more: Partial<Responder>): Responder => ({ id: "rsd-1", name: "Aid", owner: "key-1", agreement: "A letter", since: "2026-11-01T00:00:00Z", until: null, detail: "notice", contacts: ["rcv-1"], region: null, geometry: null, kinds: [], modes: ["actual"], least_state: "provisional", least_severity: "minor", rank: 1, urgent_wait: 120, routine_wait: 1440, ...more });
  const short = (more: Partial<Responder>, contacts: (Receiver | undefined)[]): string => holdingWords(made(more), contacts, now)[1];
  assert.equal(short({}, [receiver()]), "On");
  for (const contact of [undefined, receiver({ confirmed: null }), receiver({ gone: true }), receiver({ disabled: "2026-11-22T10:00:00Z" })]) assert.equal(short({}, [contact]), "Unreached");
  assert.equal(short({ contacts: [] }, []), "Unreached");
  assert.equal(short({ until: "2026-11-22T10:00:00Z" }, [receiver()]), "Off");
  assert.equal(short({ since: "2026-11-22T10:00:05Z" }, [receiver()]), "Later");
  assert.equal(holdingWords(made({ until: "2026-12-01T00:00:00Z" }), [receiver()], now)[2], "The agreement holds since 1 Nov 2026, 00:00 UTC, until 1 Dec 2026, 00:00 UTC.");
  assert.deepEqual([90, 120, 1440, 1].map(minutesWords), ["90 minutes", "2 hours", "1 day", "1 minute"]);
  assert.ok(mayChangeResponder(who({ key: "key-1" }), made({})));
  assert.ok(!mayChangeResponder(who({ key: "key-2" }), made({})));
  assert.ok(mayChangeResponder(who({ key: "key-2", scopes: ["watch", "manage"] }), made({})));
  assert.ok(!mayChangeResponder(who({ key: "key-1", scopes: ["read"] }), made({})));
});

test("open alarms are counted, and that nothing looks for them is said", () => {
  const alarm = (more: Partial<Alarm>): Alarm => ({ id: "alm-1", subject: null, whole: false, severity: "moderate", words: "No data.", advice: "Look.", regions: [], items: 1, since: "2026-11-22T10:00:00Z", acknowledged: null, ...more });
  const seen = alarm({ id: "alm-2", severity: "extreme", acknowledged: "2026-11-22T11:00:00Z" });
  const grave = alarm({ id: "alm-3", severity: "severe" });
  assert.equal(alarmWords({ watching: true, watched: null, items: [] }), "");
  assert.equal(alarmWords({ watching: true, watched: null, items: [alarm({})] }), "1 alarm is open.");
  assert.equal(alarmWords({ watching: true, watched: null, items: [alarm({}), grave, seen] }), "2 alarms are open; somebody sees to 1 more.");
  assert.equal(alarmWords({ watching: true, watched: null, items: [seen] }), "Somebody sees to 1 alarm.");
  assert.equal(alarmWords({ watching: false, watched: "2026-11-22T10:00:00Z", items: [] }), "Nothing looks for what is wrong since 22 Nov 2026, 10:00 UTC: that there is no alarm says nothing.");
  assert.deepEqual(inOrder([seen, alarm({}), grave]).map((one) => one.id), ["alm-3", "alm-1", "alm-2"]);
});

test("the server is asked below the folder that the page came from", () => {
  const root = "https://watch.example/#event=evt-1";
  const below = "https://watch.example/hearth/watch/?a=/b#c";
  assert.equal(addressOf("/events?limit=5", root), "https://watch.example/events?limit=5");
  assert.equal(addressOf("/events?limit=5", below), "https://watch.example/hearth/watch/events?limit=5");
  assert.equal(addressOf("/events/evt-1", "http://127.0.0.1:8480/index.html"), "http://127.0.0.1:8480/events/evt-1");
  const route = "/tiles/events/{z}/{x}/{y}.mvt";
  for (const given of [route, `http://127.0.0.1:8480${route}`, `https://watch.example/hearth/watch${route}`]) {
    assert.equal(tilesFrom(given, root), `https://watch.example${route}`);
    assert.equal(tilesFrom(given, below), `https://watch.example/hearth/watch${route}`);
  }
});

test("of a look of which only the day is known no hour is told", () => {
  assert.equal(lookTime("2024-06-18T00:00:00Z"), "18 Jun 2024");
  assert.equal(lookTime("2024-06-18T02:00:00+02:00"), "18 Jun 2024");
  assert.equal(lookTime("2024-06-18T08:30:01Z"), "18 Jun 2024, 08:30 UTC");
});

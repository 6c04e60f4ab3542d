// What the server says, as the HTTP contract puts it.

import type { Feature, FeatureCollection, Geometry, MultiPolygon, Polygon } from "geojson";

export type Role = "admin" | "analyst" | "reviewer" | "partner" | "viewer";

export interface Who {
  organisation: string;
  name: string;
  key: string;
  role: Role;
  /** Id of who is signed in; null for a key. */
  person: string | null;
  scopes: string[];
}

export interface SignedIn {
  /** What every change has to come with. */
  form: string;
}

export interface Sessions {
  items: { id: string; created: string; seen: string; expires: string; this: boolean }[];
}

export interface Limits {
  max_region_km2: number;
  max_vertices: number;
  max_body_bytes: number;
  kinds: Kind[];
  /** By which receivers can be told. */
  channels: Channel[];
}

/** Whether it is about the world. */
export type Mode = "actual" | "exercise" | "test";

export interface Fault {
  where: string;
  problem: string;
}

export interface ProblemDocument {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  errors?: Fault[] | null;
}

export type JobState = "waiting" | "running" | "complete" | "failed" | "interrupted";

export interface Job {
  id: string;
  region: string;
  state: JobState;
  started: string | null;
  finished: string | null;
  until: string | null;
  done: number;
  total: number;
  sensed: string | null;
  rate: number | null;
  seconds_left: number | null;
  detail: string | null;
}

/** How much is read of a region now, most first. */
export type Stage = "full" | "coarse" | "prelook" | "other_provider" | "paused";

export interface RegionImagery {
  stage: Stage;
  words: string;
  /** Empty where all is well. */
  why: string;
  /** Null while anything is read, and where it is not known. */
  blind_since: string | null;
  until: string | null;
  missing_passes: number;
}

export interface RegionStatus {
  last_look: string | null;
  last_usable_look: string | null;
  looks: number;
  usable_looks: number;
  /** Null where there are too many to count. */
  events: number | null;
  job: Job | null;
  /** How the newest one stands; told of one region alone. */
  backtest?: JobState | null;
  imagery: RegionImagery | null;
}

/** A length of time; `at_least` where what has not arrived may still make it longer. */
export interface Took {
  seconds: number;
  at_least: boolean;
}

export interface SectionTook {
  section: string;
  over: number;
  open: number;
  unknown: number;
  p50: Took | null;
  p95: Took | null;
  longest: Took | null;
}

export interface RegionLatency {
  alerts: number;
  sections: SectionTook[];
}

export interface Quantiles {
  median: number;
  p90: number;
  n: number;
}

export interface Latency {
  known_from: "catalogue" | "remembered" | "calendar" | "unknown";
  words: string;
  /** Null where nothing is known; of passes where these alone are. */
  days_between_usable_looks: Quantiles | null;
  days_to_the_next: Quantiles | null;
  hours_to_publication: Quantiles | null;
}

export interface SensorEstimate {
  detectors: string[];
  latency: Latency;
}

/** What watching an area would take and give. */
export interface Estimate {
  area_km2: number;
  settlements: number;
  backfill_months: number;
  sensors: SensorEstimate[];
  units_per_month: number;
  backfill_units: number;
  /** Null where the provider charges nothing. */
  share_of_month: number | null;
  exceeds: string[];
}

export interface RegionProperties {
  id: string;
  name: string;
  kind: Kind;
  mode: Mode;
  purpose: string;
  owner: string;
  created: string;
  expires: string | null;
  area_km2: number;
  repairs?: string[];
  /** Why nothing is looked at until it is confirmed; empty where it is. */
  waiting?: string;
  /** How closely it is watched, until when and why; empty where as usual. */
  level_words?: string;
  status: RegionStatus | null;
}

export type Area = Polygon | MultiPolygon;
export type Region = Feature<Area, RegionProperties>;
export type Regions = FeatureCollection<Area, RegionProperties>;

export type EventState =
  | "candidate"
  | "provisional"
  | "corroborated"
  | "confirmed"
  | "disputed"
  | "rejected"
  | "retracted"
  | "closed";

export type Kind = "burned" | "razed" | "camp_change" | "abandonment" | "ground_change";

export interface EventProperties {
  id: string;
  kind: Kind;
  mode: Mode;
  region: string;
  region_name?: string;
  /** Null in a watch over an area. */
  settlement: string | null;
  settlement_name: string | null;
  settlement_pcode: string | null;
  state: EventState;
  /** What became of the site, where that is told. */
  change: string | null;
  /** The event that it is part of now; null where it stands for itself. */
  merged_into: string | null;
  detector: string;
  detector_state: string;
  cell: string;
  version: number;
  area_ha: number;
  last_unharmed: string | null;
  first_changed: string;
  first_detected: string;
  last_detected: string;
  looks: number;
  observed: string;
  evidence: Record<string, unknown>;
  doubts: string[];
}

export type Event = Feature<Geometry, EventProperties>;

/** One detector's episode at one place, which tells of an event. */
export interface Source {
  id: string;
  kind: Kind;
  cell: string;
  detector: string;
  sensors: string[];
  /** Kinds of evidence: sources that share one are not independent. */
  independence: string[];
  detector_state: string;
  last_unharmed: string | null;
  first_changed: string;
  first_detected: string;
  last_detected: string;
  looks: number;
  area_m2: number;
  observed: string;
  evidence: Record<string, unknown>;
  doubts: string[];
}

/** How much speaks for an event, and what that has been measured to mean. */
export interface Meaning {
  class: string;
  takes: string;
  words: string;
}

export interface WholeProperties extends EventProperties {
  sources: Source[];
  /** Null where no source stands any more. */
  meaning: Meaning | null;
}

export type WholeEvent = Feature<Geometry, WholeProperties>;

export type Verb =
  | "confirm"
  | "dispute"
  | "reject"
  | "retract"
  | "close"
  | "reopen"
  | "undo"
  | "split"
  | "merge";

/** What somebody said of an event or did with it. */
export interface Opinion {
  id: string;
  act: string;
  version: number;
  verb: Verb;
  who: string;
  said: string;
  reason: string | null;
  text: string;
  /** The other event of a split or merger. */
  other: string | null;
  sources: string[];
  /** The act that it takes back. */
  undoes: string | null;
}

/** All that people said of an event. */
export interface Opinions extends Page<Opinion> {
  /** What nobody says of it alone now, because two people look at it. */
  not_alone: Verb[];
}

export interface NewOpinion {
  verb: Verb;
  reason?: string;
  text?: string;
  sources?: string[];
  other?: string;
}

export interface EventPage extends FeatureCollection<Geometry, EventProperties> {
  next?: string | null;
}

export interface Series {
  event: string;
  features: Quantity[];
  looks: SeriesLook[];
  last_unharmed: string | null;
  first_changed: string;
}

/** One number that is followed through the looks. */
export interface Quantity {
  key: string;
  name: string;
  unit: string;
  about: string;
}

export interface SeriesLook {
  acquisition: string;
  sensed: string;
  used: boolean;
  status: string;
  why: string | null;
  values: (number | null)[];
}

/** What an event rests on; of all that is told, what the page shows. */
export interface Explanation {
  event: string;
  sentences: string[];
}

export type Style = "true_colour" | "false_colour" | "ndvi" | "nbr" | "dnbr" | "change";

export interface Pair {
  before: { acquisition: string; sensed: string } | null;
  after: { acquisition: string; sensed: string } | null;
  styles: Style[];
  bounds: [number, number, number, number];
}

export interface TileJson {
  tiles: string[];
  bounds?: [number, number, number, number];
  minzoom?: number;
  maxzoom?: number;
  tileSize?: number;
}

export type Status =
  | "unchanged"
  | "changed"
  | "not_observable"
  | "not_delivered"
  | "not_processed";

export type Cause = "cloud" | "shadow" | "smoke" | "orbit" | "nodata";

export interface LedgerRow {
  acquisition: string | null;
  cell: string;
  /** Null in a watch over an area. */
  settlement: string | null;
  detector: string;
  sensed: string;
  status: Status;
  cause: Cause | null;
  usable: number | null;
  words: string;
  detail: Record<string, unknown>;
}

/** A settlement that a watch follows, and how well it was seen. */
export interface Followed {
  settlement: string;
  settlement_name: string | null;
  looks: number;
  usable_looks: number;
  last_look: string;
  last_usable_look: string | null;
  longest_blind_days: number | null;
}

export interface ArchivedLook {
  acquisition: string;
  sensed: string;
  status: Status;
  cause: Cause | null;
  usable: number | null;
  words: string;
  styles: Style[];
}

export interface Page<T> {
  items: T[];
  next?: string | null;
}

/** What was taken of a file that was sent, and what was not. */
export interface Imported {
  taken: { id: string; name: string; where: string; repairs: string[] }[];
  faults: Fault[];
  checks: Fault[];
}

export type Round = "first" | "third" | "audit";

/** An event that waits for somebody to look. */
export interface Waiting {
  event: string;
  kind: Kind;
  region_name: string;
  settlement_name: string | null;
  round: Round;
  claim: { mine: boolean; expires: string } | null;
}

export interface Queue {
  items: Waiting[];
  more: number;
}

/** An event that one has taken to look at, with the pictures that are shown to everybody. */
export interface Claimed {
  event: string;
  kind: Kind;
  mode: Mode;
  settlement_name: string | null;
  last_unharmed: string | null;
  first_changed: string;
  area_ha: number;
  geometry: Geometry;
  round: Round;
  shown: Pair & { pictures: string };
}

export type Verdict = "harmed" | "unharmed" | "bad_imagery" | "unsure";

export interface NewAssessment {
  verdict: Verdict;
  reason?: string;
  text?: string;
  pictures: string;
  seconds: number;
}

/** Alerts or events a month; null where there was no time to count them in. */
export interface Rate {
  count: number;
  per_month: number | null;
  low: number | null;
  high: number | null;
}

export interface BacktestEvent {
  id: string;
  kind: Kind;
  detector: string;
  state: EventState;
  settlement: string | null;
  settlement_name: string | null;
  last_unharmed: string | null;
  first_changed: string;
  /** The look at which it would have been told; null of a candidate. */
  told: string | null;
  days_to_be_told: number | null;
  area_ha: number;
}

export interface BacktestAlerts {
  detector: string;
  told: Rate;
  calibration: { id: string; made: string } | null;
  budgets: (Rate & { times: number; allowed_per_1000_settlement_years: number })[];
  /** Why no other budget was tried; null where they were. */
  why_not: string | null;
}

export interface BacktestReport {
  since: string;
  until: string;
  learned_since: string;
  settlements: number;
  detectors: {
    detector: string;
    looks: number;
    usable_looks: number;
    longest_blind_days: number | null;
    by_month: { month: string; looks: number; usable_looks: number }[];
  }[];
  events: BacktestEvent[];
  told: number;
  candidates: number;
  alerts: BacktestAlerts[];
  spent: { units: number; requests: number };
  not_seen: string[];
}

/** What a watch would have told, tried on the past. */
export interface Backtest {
  id: string;
  region: string;
  state: JobState;
  asked: string;
  started: string | null;
  finished: string | null;
  until: string;
  months: number;
  learned_months: number;
  done: number;
  total: number;
  detail: string;
  report: BacktestReport | null;
}

export type Outcome = "open" | "agreed" | "refused" | "withdrawn";
export type Audience = "partner" | "public";

/** What one person asked for and another decides. */
interface Asked {
  id: string;
  reason: string;
  asked_by: string;
  asked: string;
  outcome: Outcome;
  decided_by: string | null;
  decided: string | null;
}

export interface Release extends Asked {
  event: string;
  audience: Audience;
  ended: string | null;
  ended_by: string | null;
}

export interface WholeRelease extends Release {
  /** Null where the event is there no more. */
  preview: { precision: string; place: string; opens: string | null } | null;
}

export type Subject = "event" | "settlement" | "region";

export interface Erasure extends Asked {
  what: Subject;
  subject: string;
  sha256: string | null;
  rows: Record<string, number>;
  states: Record<string, number>;
}

export interface Hold {
  id: string;
  what: Subject | "all";
  subject: string | null;
  reason: string;
  set_by: string;
  set: string;
  lifted: string | null;
  lifted_by: string | null;
  lifting_asked_by: string | null;
}

/** A list of such, and what those who asked and decided are called. */
export interface Named<T> {
  items: T[];
  names: Record<string, string>;
}

export type Settlement = Feature<Geometry, { name: string }>;

/** An event as partners are told of it; a tombstone has the first three alone. */
export interface Told {
  id: string;
  gone: boolean;
  told: string;
  kind: Kind | null;
  mode: Mode | null;
  state: EventState | null;
  unharmed_until: string | null;
  changed_by: string | null;
  place: string | null;
  sure: string | null;
  unseen: string | null;
}

export interface ToldPage {
  features: { properties: Told }[];
  next: string;
}

export type Channel = "webhook" | "cap" | "email" | "feed" | "apprise";
export type Disclosure = "notice" | "exact" | "partner" | "public";
export type Language = "en" | "fr" | "ar";
export type Severity = "minor" | "moderate" | "severe" | "extreme";
/** Events; or alarms about the service, or its sign of life. */
export type About = "events" | "alarms" | "heartbeat";
export type Rhythm = "instant" | "daily" | "weekly";

/** Somebody or some program that is told of events; its address is never told. */
export interface Receiver {
  id: string;
  name: string;
  channel: Channel;
  /** Id of the person or key that answers for it. */
  owner: string;
  language: Language;
  detail: Disclosure;
  zone: string;
  /** Minutes after midnight; null where there are no quiet hours. */
  quiet_from: number | null;
  quiet_until: number | null;
  quiet_override: Severity | null;
  storm_cap: number;
  scope: "Private" | "Restricted";
  /** Whether a picture before and after goes with its e-mail. */
  pictures: boolean;
  confirmed: string | null;
  disabled: string | null;
  disabled_reason: string | null;
  removed: string | null;
  /** Whether who answers for it was shut out: it is told nothing. Said by the list alone. */
  gone?: boolean;
}

/** Receivers, and who of those that answer for them was shut out. */
export interface Receivers extends Named<Receiver> {
  gone: string[];
}

/** A receiver, with its secret where it is a new one. */
export interface OneReceiver extends Receiver {
  secret: string | null;
}

/** Which events somebody is told of. */
export interface Met {
  /** Null for all. */
  region: string | null;
  /** Null for everywhere. */
  geometry: Area | null;
  /** Empty for all. */
  kinds: Kind[];
  modes: Mode[];
  least_state: EventState;
  least_severity: Severity;
}

export interface Subscription extends Met {
  id: string;
  receiver: string;
  name: string;
  about: About;
  rhythm: Rhythm;
  paused: string | null;
}

export type MessageForm = "single" | "digest" | "list" | "late" | "test" | "question" | "heartbeat" | "alarm";
export type MessageState = "waiting" | "delivered" | "dead";

export interface Message {
  id: string;
  receiver: string;
  form: MessageForm;
  mode: Mode;
  events: string[];
  made: string;
  late: boolean;
  state: MessageState;
  attempts: number;
  next: string | null;
  ended: string | null;
}

export interface Attempt {
  sequence: number;
  began: string;
  ended: string;
  outcome: "delivered" | "failed" | "refused" | "gone";
  /** Of HTTP or SMTP; null where nobody answered. */
  status: number | null;
  words: string;
}

export interface WholeMessage extends Message {
  tried: Attempt[];
}

/** What one receiver was told of an event, and what became of it. */
export interface AlertTold {
  id: string;
  receiver: string;
  receiver_name: string;
  channel: Channel;
  detail: Disclosure;
  sequence: number;
  version: number;
  act: "alert" | "update" | "cancel";
  severity: Severity;
  made: string;
  /** Null while it waits for somebody, as to switch its receiver on again. */
  due: string | null;
  /** Null while it waits to go into one. */
  message: string | null;
  state: MessageState | null;
  attempts: number;
  ended: string | null;
}

/** How a responder stands to an event. */
export type Answered = "told" | "unreleased" | "received" | "taken_charge" | "declined" | "handed_over" | "unanswered" | "withdrawn";

/** What a responder can say. */
export type AnswerSaid = "received" | "taken_charge" | "declined" | "handed_over";

export interface KnowingStep {
  at: string;
  act: Answered | "escalated";
  receiver: string | null;
  by: string | null;
  words: string;
  to: string | null;
}

export interface KnowingContact {
  receiver: string;
  name: string | null;
  channel: Channel | null;
  message: string | null;
  delivery: MessageState | null;
  ended: string | null;
}

/** An organisation of the network that was told of an event. */
export interface Knowing {
  id: string;
  responder: string;
  name: string;
  state: Answered;
  since: string;
  told: string;
  due: string | null;
  handed_to: string | null;
  contacts: KnowingContact[];
  steps: KnowingStep[];
}

/** What followed after an event was told. */
export interface EventEffect {
  id: string;
  at: string;
  by: string;
  effect: "action" | "none" | "backfire";
  date: string;
  source: string;
  words: string;
  responder: string | null;
}

/** Who of the network knows of an event, who acts, and what was written down about it. */
export interface Informed {
  event: string;
  /** Names of those that have taken charge. */
  acts: string[];
  unanswered: boolean;
  items: Knowing[];
  notes: { id: string; at: string; by: string; words: string }[];
  effects: EventEffect[];
  /** Of those who wrote something down, and of responders, by id. */
  names: Record<string, string>;
}

/** An organisation that agreed to be told of events and to say what it does. */
export interface Responder extends Met {
  id: string;
  name: string;
  /** Id of the person or key that answers for the agreement. */
  owner: string;
  agreement: string;
  since: string;
  until: string | null;
  detail: Disclosure;
  /** Ids of receivers, in the order in which they are told. */
  contacts: string[];
  rank: number;
  /** Minutes. */
  urgent_wait: number;
  routine_wait: number;
}

/** Something that is wrong, or was, with the service or with what it is fed by. */
export interface Alarm {
  id: string;
  subject: string | null;
  /** Whether it is of the whole installation. */
  whole: boolean;
  severity: Severity;
  words: string;
  advice: string;
  regions: string[];
  items: number;
  since: string;
  acknowledged: string | null;
}

export interface Alarms {
  /** Whether anything looks for what is wrong; if not, no alarm says nothing. */
  watching: boolean;
  watched: string | null;
  items: Alarm[];
}

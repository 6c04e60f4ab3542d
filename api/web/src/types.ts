// What the server says, as the HTTP contract puts it.

import type { Feature, FeatureCollection, Geometry, MultiPolygon, Polygon } from "geojson";

export type Role = "admin" | "analyst" | "viewer";

export interface Who {
  organisation: string;
  name: string;
  key: string;
  role: Role;
}

export interface Limits {
  max_region_km2: number;
  max_vertices: number;
  max_body_bytes: number;
  kinds: Kind[];
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
  imagery: RegionImagery | null;
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

export type Style = "true_colour" | "false_colour" | "ndvi" | "nbr" | "change";

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

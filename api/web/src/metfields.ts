// The fields that say which events somebody is told of: where, of which kind, how sure, how grave.

import { SEVERITIES, STARTING } from "./alertwords";
import { AreaField } from "./areafield";
import { field, h } from "./dom";
import { select } from "./receiverform";
import type { Area, EventState, Kind, Met, Mode, Severity } from "./types";
import { KINDS, capital, kindWords } from "./words";

export interface Ground {
  regions: () => readonly { id: string; name: string }[];
  /** Draw on the map, near a region where one is chosen. */
  draw: (near: string, finished: (area: Area | null) => void) => boolean;
}

const MODES: Record<Mode, string> = { actual: "What is about the world", exercise: "Exercises", test: "Tests" };

export class MetFields {
  readonly elements: HTMLElement[];
  private readonly region: HTMLSelectElement;
  private readonly area: AreaField;
  private readonly kinds: Boxes;
  private readonly modes: Boxes;
  private readonly state: HTMLSelectElement;
  private readonly severity: HTMLSelectElement;

  /** `prefix` names the fields for tests. */
  constructor(ground: Ground, before: Met | null, prefix: string) {
    const regions = ground.regions();
    this.region = select([["", "All regions"], ...regions.map((one): [string, string] => [one.id, one.name])], { "data-testid": `${prefix}-region` });
    if (before?.region && !regions.some((one) => one.id === before.region)) this.region.append(h("option", { value: before.region }, "A region that is no longer watched"));
    this.area = new AreaField((finished) => ground.draw(this.region.value, finished));
    this.kinds = boxes(KINDS, `${prefix}-kind`);
    this.modes = boxes(Object.keys(MODES), `${prefix}-mode`);
    this.state = select(STARTING.map((one) => [one, one === "confirmed" ? "Confirmed by people" : `${one} or surer`]), { "data-testid": `${prefix}-state` });
    this.severity = select(SEVERITIES.map((one) => [one, one === "minor" ? "Minor: everything" : one === "extreme" ? "Extreme" : `${one} or graver`]), { "data-testid": `${prefix}-severity` });
    this.elements = [
      field("Region", this.region),
      this.area.element,
      group("Kinds of event; none means all", this.kinds, (kind) => capital(kindWords(kind))),
      group("Which events", this.modes, (mode) => MODES[mode as Mode]),
      field("Told from this state on", this.state, "Less sure means sooner, and more that fades again."),
      field("At least as grave as", this.severity),
    ];
    this.fill(before);
  }

  missing(): string | null {
    if (typeof this.area.value === "string") return this.area.value;
    return checked(this.modes).length === 0 ? "Choose which events: what is about the world, exercises or tests." : null;
  }

  get terms(): Met {
    return {
      region: this.region.value || null,
      geometry: this.area.value as Area | null,
      kinds: checked(this.kinds) as Kind[],
      modes: checked(this.modes) as Mode[],
      least_state: this.state.value as EventState,
      least_severity: this.severity.value as Severity,
    };
  }

  private fill(before: Met | null): void {
    this.region.value = before?.region ?? "";
    this.area.set(before?.geometry ?? null);
    for (const [kind, box] of this.kinds) box.checked = before?.kinds.includes(kind as Kind) ?? false;
    for (const [mode, box] of this.modes) box.checked = before ? before.modes.includes(mode as Mode) : mode === "actual";
    this.state.value = before?.least_state ?? "provisional";
    this.severity.value = before?.least_severity ?? "minor";
  }
}

/** What is different from before; all of it where there was nothing. */
export function changed<T extends object>(terms: T, before: T | null): Partial<T> {
  if (!before) return terms;
  return Object.fromEntries(Object.entries(terms).filter(([name, value]) => JSON.stringify(before[name as keyof T]) !== JSON.stringify(value))) as Partial<T>;
}

type Boxes = Map<string, HTMLInputElement>;

const boxes = (values: readonly string[], testid: string): Boxes =>
  new Map(values.map((value) => [value, h("input", { type: "checkbox", value, "data-testid": `${testid}-${value}` })]));

const checked = (all: Boxes): string[] => [...all].filter(([, box]) => box.checked).map(([value]) => value);

function group(title: string, all: Boxes, words: (value: string) => string): HTMLElement {
  return h("fieldset", { class: "choice" }, h("legend", {}, title), ...[...all].map(([value, box]) => h("label", { class: "check" }, box, words(value))));
}

// What watching an area would take, and how soon it would see anything: told before it is added.

import { inWords, isAbort, type Api } from "./api";
import { h } from "./dom";
import type { Area, Estimate, Kind, SensorEstimate } from "./types";
import { capital, counted, kindWords, number, squareKilometres } from "./words";

/** The estimate in words, the most important first. */
export function estimateWords(found: Estimate): string[] {
  const words = [
    `${capital(squareKilometres(found.area_km2))}, ${counted(found.settlements, "listed settlement")} in it.`,
    found.share_of_month === null
      ? "Its provider charges nothing."
      : `${number(Math.round(found.units_per_month))} units a month if every look is read, ` +
        `${percent(found.share_of_month)} of the month's; ${number(Math.round(found.backfill_units))} once for the ` +
        `${number(found.backfill_months)} months before.`,
  ];
  for (const part of found.sensors) words.push(soon(part));
  for (const limit of found.exceeds) words.push(`Beyond a limit: ${limit}. It waits until somebody confirms it.`);
  return words;
}

function soon(part: SensorEstimate): string {
  const name = part.detectors.map(kindWords).join(", ");
  const { latency } = part;
  const between = latency.days_between_usable_looks;
  const wait = latency.days_to_the_next;
  const published = latency.hours_to_publication;
  if (!between || !wait) return `${capital(name)}: how soon it sees anything is not known (${latency.words}).`;
  const looks = latency.known_from === "calendar" ? "pass" : "usable look";
  return (
    `${capital(name)}: a change waits ${tenths(wait.median)} days for the next ${looks}, ${tenths(wait.p90)} at 90 %` +
    (published ? `, and ${tenths(published.median)} hours more until it is published` : "") +
    `, ${latency.words}.`
  );
}

const tenths = (value: number): string => (Math.round(value * 10) / 10).toString();
const percent = (share: number): string => `${tenths(share * 100)} %`;

/** The part of the form that shows it; asked anew for every area that is chosen. */
export class EstimatePart {
  readonly element = h("div", { class: "quiet", role: "status", "data-testid": "estimate", hidden: true });
  private asking: AbortController | null = null;

  constructor(private readonly api: Api) {}

  clear(): void {
    this.asking?.abort();
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  async show(area: Area, kind: Kind): Promise<void> {
    this.clear();
    const asking = new AbortController();
    this.asking = asking;
    const body = { type: "Feature", geometry: area, properties: { kind } };
    try {
      const found = await this.api.json<Estimate>("/regions/estimate", { method: "POST", body, signal: asking.signal });
      this.say("What the watch would take", estimateWords(found));
    } catch (error) {
      // The area can be added all the same; what is wrong with it is told then.
      if (!isAbort(error)) this.say("No estimate", [inWords(error)]);
    }
  }

  private say(title: string, words: string[]): void {
    this.element.replaceChildren(h("h3", {}, title), h("ul", {}, ...words.map((one) => h("li", {}, one))));
    this.element.hidden = false;
  }
}

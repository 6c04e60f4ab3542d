// What a watch would have told in the last months: asked for, followed, and read.

import { part, type Api } from "./api";
import { ask } from "./ask";
import { backtestOver, cameTo, notSeen, progressWords, rateWords, timesWords } from "./backtestwords";
import { block, loading } from "./detail";
import { detectorWords } from "./detectors";
import { announce, button, field, h } from "./dom";
import { follow } from "./follow";
import type { Backtest, BacktestAlerts, BacktestEvent, BacktestReport, RegionProperties } from "./types";
import { capital, day, hectares, interval, kindWords, number, placeWords } from "./words";

const MONTHS = 24;
const LEARNED = 12;

/** The part of a region's panel that backtests it. */
export function backtestBlock(api: Api, { id, status }: RegionProperties, mayAsk: boolean, signal: AbortSignal): HTMLElement {
  const route = `/regions/${part(id)}/backtest`;
  const newest = async (): Promise<Backtest | null> => (status?.backtest ? api.json<Backtest>(route, { signal }) : null);
  return block(
    "Backtest: what it would have told",
    loading(
      newest,
      (made) => [new BacktestPanel(api, route, made, mayAsk, signal).element],
    ),
  );
}

class BacktestPanel {
  readonly element = h("div", { class: "backtest", "data-testid": "backtest" });
  private readonly words = h("p", { class: "job-words", "data-testid": "backtest-words" });
  private readonly bar = h("progress", { max: 1, value: 0, "aria-label": "Looks tried" });
  private readonly progress = h("div", { class: "job", hidden: true }, this.bar, this.words);
  private readonly problem = h("p", { class: "problem", role: "alert" });
  private readonly result = h("div", { class: "backtest-result" });
  private readonly start: HTMLButtonElement;
  private said = "";

  constructor(
    private readonly api: Api,
    private readonly route: string,
    made: Backtest | null,
    mayAsk: boolean,
    private readonly signal: AbortSignal,
  ) {
    this.start = button("Try the past", () => void this.post(), { "data-testid": "backtest-start" });
    this.element.append(...(mayAsk ? [this.start] : []), this.progress, this.problem, this.result);
    if (made) void this.follow(made);
    else this.result.replaceChildren(h("p", { "data-testid": "backtest-none" }, "It was not tried on the past yet."));
  }

  private async post(): Promise<void> {
    const made = await askForIt(this.api, this.route);
    if (made) await this.follow(made);
  }

  private async follow(made: Backtest): Promise<void> {
    const { api, route, signal } = this;
    this.start.disabled = true;
    this.result.replaceChildren();
    const over = await follow(made, {
      again: () => api.json<Backtest>(route, { signal }),
      over: backtestOver,
      show: (now) => this.show(now),
      fail: (words) => {
        this.problem.textContent = words;
      },
      signal,
    });
    if (over) this.start.disabled = false;
  }

  private show(made: Backtest): void {
    this.progress.hidden = made.state === "complete";
    this.progress.dataset["state"] = made.state;
    this.bar.hidden = backtestOver(made);
    this.bar.max = Math.max(1, made.total);
    if (made.total === 0) this.bar.removeAttribute("value");
    else this.bar.value = made.done;
    this.words.textContent = `${progressWords(made)}.`;
    if (this.said && this.said !== made.state) announce(`Backtest: ${progressWords(made)}`);
    this.said = made.state;
    if (made.report) this.result.replaceChildren(...resultOf(made.report));
    this.start.textContent = backtestOver(made) ? "Try the past again" : "Try the past";
  }
}

function askForIt(api: Api, route: string): Promise<Backtest | null> {
  const months = h("input", { type: "number", min: 1, max: 120, step: 1, value: MONTHS, "data-testid": "backtest-months" });
  const units = h("input", { type: "number", min: 0, step: "any", "data-testid": "backtest-units" });
  return ask<Backtest>({
    title: "Try this watch on the past?",
    effects: () => [
      `It is the real run, on looks that were taken: the last ${number(months.valueAsNumber || MONTHS)} months are told of, and ${LEARNED} months before them are only learned from.`,
      "Nobody is alerted, and no event is made. Its report is kept with the region.",
      "What has to be read is booked as backfill. It stays in the archive: the watch does not pay for it again.",
      "The provider is asked for this area, as when it is watched.",
      "It may take hours. You can leave the page meanwhile.",
    ],
    fields: [
      field("Months", months),
      field("Processing units it may spend", units, "Only where the provider charges any; it is refused if it may take more."),
    ],
    yes: "Try it",
    missing: () => (months.validity.valid && months.value && units.validity.valid ? null : "Give 1 to 120 months, and units as a number or not at all."),
    send: (signal) =>
      api.json<Backtest>(route, {
        method: "POST",
        body: {
          months: months.valueAsNumber,
          learned_months: LEARNED,
          ...(units.value ? { units: units.valueAsNumber } : {}),
        },
        signal,
      }),
  });
}

function resultOf(report: BacktestReport): HTMLElement[] {
  const told = report.events.filter((one) => one.told !== null);
  const candidates = report.events.filter((one) => one.told === null);
  return [
    h("p", { "data-testid": "backtest-came-to" }, cameTo(report)),
    ...(told.length > 0 ? [events("Events that would have been told", told)] : []),
    ...(candidates.length > 0
      ? [h("details", {}, h("summary", {}, `Candidates, of which nobody would have been told (${candidates.length})`), events("Candidates", candidates))]
      : []),
    h("h4", {}, "Alerts to expect"),
    ...report.alerts.map(alerts),
    h("h4", {}, "What could not be seen"),
    h("ul", { class: "plain", "data-testid": "backtest-not-seen" }, ...notSeen(report).map((one) => h("li", {}, one))),
    h("p", { class: "quiet" }, `It took ${number(report.spent.units, 1)} units and ${number(report.spent.requests)} requests. Heat and what others report is not in it.`),
  ];
}

function events(name: string, items: readonly BacktestEvent[]): HTMLElement {
  return table(
    name,
    ["Told", "Changed", "Where", "Area"],
    items.map((one) => [
      one.told ? `${day(one.told)}${one.days_to_be_told === null ? "" : `, after ${number(one.days_to_be_told, 1)} days`}` : "not told",
      interval(one.last_unharmed, one.first_changed).replace("changed ", ""),
      h("bdi", {}, placeWords(one) || capital(kindWords(one.kind))),
      hectares(one.area_ha),
    ]),
    "backtest-events",
  );
}

function alerts(one: BacktestAlerts): HTMLElement {
  const made = one.calibration ? ` Calibration set of ${day(one.calibration.made)}.` : "";
  const rows = one.budgets.map((at) => [
    `${timesWords(at.times)}: ${number(at.allowed_per_1000_settlement_years, 2)} in 1,000 settlement-years`,
    rateWords(at),
    number(at.count),
  ]);
  return h(
    "div",
    { class: "alerts", "data-testid": "backtest-alerts" },
    h("p", {}, `${capital(detectorWords(one.detector))}: ${rateWords(one.told)} as the run told them, ${number(one.told.count)} in all.${made}`),
    rows.length > 0
      ? table("Alerts a month at other budgets of false alarms", ["At", "Alerts to expect (95 %)", "In all"], rows, "backtest-budgets")
      : h("p", { class: "quiet" }, `At other budgets: ${one.why_not ?? "not known"}.`),
  );
}

function table(name: string, heads: readonly string[], rows: readonly (readonly (Node | string)[])[], testid: string): HTMLElement {
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
    h(
      "table",
      { class: "versions wrap", "data-testid": testid },
      h("thead", {}, h("tr", {}, ...heads.map((words) => h("th", { scope: "col" }, words)))),
      h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell))))),
    ),
  );
}

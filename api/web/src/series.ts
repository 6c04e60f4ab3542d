// Time series of an event's ground: used looks as dots, left-out looks as ticks with why.

import { button, h, s, uid } from "./dom";
import type { Quantity, Series, SeriesLook } from "./types";
import { DAY, counted, day, twoDays, whyWords } from "./words";

const LEFT = 86;
const RIGHT = 10;
const TITLE = 26;
const PLOT = 92;
const GAP = 10;
const LANE = 14;
const AXIS = 22;
const YEAR = 365.25 * DAY;

interface Look extends SeriesLook {
  time: number;
}

export function seriesChart(series: Series): HTMLElement {
  const looks: Look[] = series.looks
    .map((look) => ({ ...look, time: Date.parse(look.sensed) }))
    .filter((look) => Number.isFinite(look.time))
    .sort((a, b) => a.time - b.time);
  const element = h("div", { class: "series", "data-testid": "series" });
  if (looks.length === 0) {
    element.append(h("p", {}, "There is no look to draw."));
    return element;
  }
  const chart = new Chart(series, looks);
  element.append(chart.element, meanings(series.features), table(series, looks));
  return element;
}

class Chart {
  readonly element: HTMLElement;
  private readonly holder: HTMLElement;
  private readonly tip = h("div", { class: "tip", hidden: true });
  private readonly lanes: string[];
  private shown: Look[] = [];
  private from = 0;
  private to = 1;
  private width = 0;
  private current = -1;
  private cursor: SVGLineElement | null = null;
  private rings: (SVGCircleElement | null)[] = [];
  private scales: ((value: number) => number)[] = [];

  constructor(
    private readonly series: Series,
    private readonly looks: readonly Look[],
  ) {
    const counts = new Map<string, number>();
    for (const look of looks)
      if (!look.used) counts.set(whyWords(look.why), (counts.get(whyWords(look.why)) ?? 0) + 1);
    this.lanes = [...counts].sort((a, b) => b[1] - a[1]).map(([why]) => why);
    this.holder = h("div", {
      class: "chart",
      role: "slider",
      tabindex: 0,
      "aria-label": "Looks through time",
      "aria-orientation": "horizontal",
      "aria-valuemin": 1,
    });
    const near = button("A year either side", () => this.span(true), { "aria-pressed": "false" });
    const all = button("All looks", () => this.span(false), { "aria-pressed": "true" });
    const toggle = h("div", { class: "row tight", role: "group", "aria-label": "Time shown" }, all, near);
    toggle.addEventListener("click", (event) => {
      for (const one of [near, all]) one.setAttribute("aria-pressed", String(one === event.target));
    });
    const unharmed = series.last_unharmed;
    this.element = h(
      "div",
      {},
      toggle,
      h("div", { class: "chart-frame" }, this.holder, this.tip),
      h(
        "ul",
        { class: "series-legend" },
        h("li", {}, swatch("dot"), "used look"),
        h("li", {}, swatch("tick"), "look left out, by reason"),
        h(
          "li",
          {},
          swatch("band"),
          unharmed
            ? `${twoDays(unharmed, series.first_changed, " to ")}: last seen unharmed to first seen changed`
            : `${day(series.first_changed)}: first seen changed; never seen unharmed`,
        ),
      ),
    );
    this.holder.addEventListener("keydown", (event) => this.pressed(event));
    this.holder.addEventListener("pointermove", (event) => this.pointed(event));
    this.holder.addEventListener("pointerdown", (event) => this.pointed(event));
    this.holder.addEventListener("pointerleave", () => {
      if (document.activeElement !== this.holder) this.point(-1);
    });
    this.holder.addEventListener("focus", () => {
      if (this.current < 0) this.point(this.nearestTo(Date.parse(series.first_changed)));
    });
    this.holder.addEventListener("blur", () => this.point(-1));
    this.span(false);
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width > 0 && width !== this.width) {
        this.width = width;
        this.draw();
      }
    }).observe(this.holder);
  }

  private span(near: boolean): void {
    const first = this.looks[0]?.time ?? 0;
    const last = this.looks.at(-1)?.time ?? 1;
    const changed = Date.parse(this.series.first_changed);
    const unharmed = Date.parse(this.series.last_unharmed ?? this.series.first_changed);
    this.from = near ? unharmed - YEAR : first;
    this.to = near ? changed + YEAR : last;
    if (this.from >= this.to) {
      this.from -= 30 * DAY;
      this.to += 30 * DAY;
    }
    const edge = (this.to - this.from) * 0.01;
    this.from -= edge;
    this.to += edge;
    this.shown = this.looks.filter((look) => look.time >= this.from && look.time <= this.to);
    this.point(-1);
    this.holder.setAttribute("aria-valuemax", String(Math.max(1, this.shown.length)));
    this.holder.setAttribute("aria-valuenow", "1");
    this.holder.setAttribute("aria-valuetext", `${counted(this.shown.length, "look")}; the arrow keys move`);
    if (this.width) this.draw();
  }

  private x(time: number): number {
    return LEFT + ((time - this.from) / (this.to - this.from)) * (this.width - LEFT - RIGHT);
  }

  private draw(): void {
    const { features } = this.series;
    const plots = features.length * (TITLE + PLOT + GAP);
    const height = plots + this.lanes.length * LANE + AXIS;
    const bottom = height - AXIS;
    const picture = s("svg", {
      width: this.width,
      height,
      viewBox: `0 0 ${this.width} ${height}`,
      "aria-hidden": "true",
    });
    const changed = this.x(Date.parse(this.series.first_changed));
    const unharmed = this.series.last_unharmed ? this.x(Date.parse(this.series.last_unharmed)) : changed - 1;
    const band = Math.max(3, changed - unharmed);
    picture.append(
      s("rect", { class: "band", x: (changed + unharmed) / 2 - band / 2, y: 0, width: band, height: bottom }),
    );
    this.axis(picture, bottom);
    this.rings = [];
    this.scales = features.map((feature, index) => {
      const top = index * (TITLE + PLOT + GAP) + TITLE;
      const scale = this.plot(picture, index, top);
      picture.append(
        s("text", { class: "title", x: 0, y: top - 11 }, capitalised(plain(feature.name)), s("tspan", { class: "unit", dx: 6 }, feature.unit)),
      );
      const ring = s("circle", { class: "ring", r: 5, visibility: "hidden" });
      picture.append(ring);
      this.rings.push(ring);
      return scale;
    });
    this.lanes.forEach((why, index) => {
      const y = plots + index * LANE;
      picture.append(
        s("text", { class: "lane-name", x: LEFT - 6, y: y + LANE - 4, "text-anchor": "end" }, short(why)),
        s("line", { class: "lane-line", x1: LEFT, x2: this.width - RIGHT, y1: y + LANE - 0.5, y2: y + LANE - 0.5 }),
      );
      for (const look of this.shown)
        if (!look.used && whyWords(look.why) === why)
          picture.append(
            s("line", { class: `lane ${why.replaceAll(" ", "")}`, x1: this.x(look.time), x2: this.x(look.time), y1: y + 3, y2: y + LANE - 2 }),
          );
    });
    this.cursor = s("line", { class: "cursor", y1: 0, y2: bottom, visibility: "hidden" });
    picture.append(this.cursor);
    this.holder.replaceChildren(picture);
    this.point(this.current);
  }

  private plot(picture: SVGElement, index: number, top: number): (value: number) => number {
    const values = this.shown.flatMap((look) => {
      const value = look.used ? look.values[index] : null;
      return typeof value === "number" ? [value] : [];
    });
    const ticks = niceTicks(values.length ? Math.min(...values) : 0, values.length ? Math.max(...values) : 1);
    const low = ticks[0] ?? 0;
    const high = ticks.at(-1) ?? 1;
    const scale = (value: number): number => top + PLOT - ((value - low) / (high - low || 1)) * PLOT;
    const digits = decimals(ticks);
    for (const tick of ticks) {
      const y = scale(tick);
      picture.append(
        s("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }),
        s("text", { class: "tick", x: LEFT - 6, y: y + 3.5, "text-anchor": "end" }, tick.toFixed(digits).replace("-", "−")),
      );
    }
    for (const look of this.shown) {
      const value = look.used ? look.values[index] : null;
      if (typeof value === "number")
        picture.append(s("circle", { class: "dot", cx: this.x(look.time).toFixed(1), cy: scale(value).toFixed(1), r: 2.3 }));
    }
    return scale;
  }

  private axis(picture: SVGElement, bottom: number): void {
    const months = this.to - this.from < 3 * YEAR;
    const start = new Date(this.from);
    const step = months ? 3 : 12;
    let lastText = -Infinity;
    for (let year = start.getUTCFullYear(), month = 0; ; ) {
      const time = Date.UTC(year, month, 1);
      if (time > this.to) break;
      if (time >= this.from) {
        const x = this.x(time);
        const words = months && month > 0 ? day(time).split(" ")[1] ?? "" : String(year);
        picture.append(s("line", { class: "year", x1: x, x2: x, y1: 0, y2: bottom + 4 }));
        if (x - lastText > 32 && x < this.width - 14) {
          picture.append(s("text", { class: "tick", x, y: bottom + 16, "text-anchor": "middle" }, words));
          lastText = x;
        }
      }
      month += step;
      if (month >= 12) {
        month = 0;
        year += 1;
      }
    }
    picture.append(s("line", { class: "base", x1: LEFT, x2: this.width - RIGHT, y1: bottom, y2: bottom }));
  }

  private nearestTo(time: number): number {
    let best = -1;
    let least = Infinity;
    this.shown.forEach((look, index) => {
      const away = Math.abs(look.time - time);
      if (away < least) {
        least = away;
        best = index;
      }
    });
    return best;
  }

  private pointed(event: PointerEvent): void {
    const x = event.clientX - this.holder.getBoundingClientRect().left;
    const share = (x - LEFT) / (this.width - LEFT - RIGHT);
    this.point(this.nearestTo(this.from + share * (this.to - this.from)));
  }

  private pressed(event: KeyboardEvent): void {
    const last = this.shown.length - 1;
    const to: Record<string, number> = {
      ArrowRight: this.current + 1,
      ArrowUp: this.current + 1,
      ArrowLeft: this.current - 1,
      ArrowDown: this.current - 1,
      PageUp: this.current + 10,
      PageDown: this.current - 10,
      Home: 0,
      End: last,
    };
    const next = to[event.key];
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.point(Math.min(last, Math.max(0, next)));
  }

  /** Point at a look, or at none. */
  private point(index: number): void {
    this.current = index;
    const look = this.shown[index];
    this.tip.hidden = !look;
    this.cursor?.setAttribute("visibility", look ? "visible" : "hidden");
    for (const ring of this.rings) ring?.setAttribute("visibility", "hidden");
    if (!look) return;
    const x = this.x(look.time);
    this.cursor?.setAttribute("x1", String(x));
    this.cursor?.setAttribute("x2", String(x));
    const lines = look.used
      ? this.series.features.map((feature, i) => `${plain(feature.name)}: ${valueWords(look.values[i])}`)
      : [`left out: ${look.why ?? whyWords(null)}`];
    if (look.used)
      this.rings.forEach((ring, i) => {
        const value = look.values[i];
        const scale = this.scales[i];
        if (typeof value !== "number" || !scale) return;
        ring?.setAttribute("cx", String(x));
        ring?.setAttribute("cy", String(scale(value)));
        ring?.setAttribute("visibility", "visible");
      });
    this.tip.replaceChildren(h("strong", {}, day(look.sensed)), ...lines.map((line) => h("span", {}, line)));
    const right = x > this.width / 2;
    this.tip.style.left = right ? "auto" : `${x + 10}px`;
    this.tip.style.right = right ? `${this.width - x + 10}px` : "auto";
    this.holder.setAttribute("aria-valuenow", String(index + 1));
    this.holder.setAttribute("aria-valuetext", `${day(look.sensed)}: ${lines.join("; ")}`);
  }
}

function swatch(kind: string): HTMLElement {
  return h("span", { class: `swatch ${kind}`, "aria-hidden": "true" });
}

/** The name without its scale, which the key beside it says. */
const plain = (name: string): string => name.replace(/, natural logarithm$/, "");

/** As much of a reason as there is room for beside its lane; the words are under the pointer. */
function short(why: string): string {
  if (why.length <= 13) return why;
  const words = why.split(" ").slice(0, 2).join(" ");
  return `${words.slice(0, 12)}…`;
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const valueWords = (value: number | null | undefined): string =>
  typeof value === "number" ? value.toFixed(3).replace("-", "−") : "no value";

/** Round values from below the least to above the greatest. */
export function niceTicks(least: number, greatest: number): number[] {
  const span = greatest - least || Math.abs(greatest) || 1;
  const rough = span / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  const first = Math.floor(least / step);
  const last = Math.ceil(greatest / step);
  for (let i = first; i <= Math.max(last, first + 1); i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

function decimals(ticks: readonly number[]): number {
  return Math.max(...ticks.map((tick) => (String(tick).split(".")[1] ?? "").length));
}

/** What each number is, for whoever asks. */
function meanings(quantities: readonly Quantity[]): HTMLElement {
  return h(
    "details",
    { class: "meanings" },
    h("summary", {}, "What these numbers are"),
    h("dl", {}, ...quantities.flatMap(({ name, about }) => [h("dt", {}, capitalised(plain(name))), h("dd", {}, about)])),
  );
}

/** The same values for screen readers. */
function table(series: Series, looks: readonly Look[]): HTMLElement {
  const head = ["Date", ...series.features.map(({ name, unit }) => `${name}, ${unit}`), "Used or why not"];
  return h(
    "div",
    { class: "hidden" },
    h(
      "table",
      { id: uid("table") },
      h("caption", {}, "The values of the time series, look by look"),
      h("thead", {}, h("tr", {}, ...head.map((words) => h("th", { scope: "col" }, words)))),
      h(
        "tbody",
        {},
        ...looks.map((look) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, day(look.sensed)),
            ...series.features.map((_, i) => h("td", {}, valueWords(look.values[i]))),
            h("td", {}, look.why ?? (look.used ? "used" : whyWords(null))),
          ),
        ),
      ),
    ),
  );
}

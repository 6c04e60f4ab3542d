// A shape and a colour for each state of an event, the same on the map and in the lists.

import { s } from "./dom";
import type { EventState } from "./types";
import { MARKED_MODES, STATES, modeWord } from "./words";

interface Symbol {
  /** In a box of 20 by 20. */
  shape: string;
  filled: boolean;
  colour: string;
}

const CIRCLE = "M4 10a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z";
const SQUARE = "M4.7 4.7H15.3V15.3H4.7Z";

const SYMBOLS: Record<EventState, Symbol> = {
  candidate: { shape: CIRCLE, filled: false, colour: "#9a6a00" },
  provisional: { shape: CIRCLE, filled: true, colour: "#c2500a" },
  corroborated: { shape: "M10 2.6L17.4 10L10 17.4L2.6 10Z", filled: true, colour: "#b3202c" },
  confirmed: { shape: SQUARE, filled: true, colour: "#7d1145" },
  disputed: { shape: "M10 3.2L17.2 16H2.8Z", filled: true, colour: "#6a45a8" },
  rejected: { shape: "M4.8 4.8L15.2 15.2M15.2 4.8L4.8 15.2", filled: false, colour: "#59626c" },
  retracted: { shape: `${CIRCLE}M5.8 14.2L14.2 5.8`, filled: false, colour: "#59626c" },
  closed: { shape: SQUARE, filled: false, colour: "#1f6385" },
};

const UNKNOWN: Symbol = { shape: CIRCLE, filled: false, colour: "#59626c" };

const symbolOf = (state: EventState): Symbol => SYMBOLS[state] ?? UNKNOWN;

/** The symbol as a small picture beside its word, so hidden from screen readers. */
export function stateSymbol(state: EventState): SVGSVGElement {
  const { shape, filled, colour } = symbolOf(state);
  return s(
    "svg",
    { viewBox: "0 0 20 20", width: 14, height: 14, class: "symbol", "aria-hidden": "true" },
    s("path", {
      d: shape,
      fill: filled ? colour : "none",
      stroke: colour,
      "stroke-width": filled ? 1 : 2.6,
      "stroke-linejoin": "round",
    }),
  );
}

export const stateColour = (state: EventState): string => symbolOf(state).colour;
export const iconName = (state: EventState): string => `state-${state}`;

/** The symbols as pixels for the map, with a light rim that shows on any ground. */
export function stateIcons(): Map<string, ImageData> {
  const size = 40;
  const icons = new Map<string, ImageData>();
  for (const state of STATES) {
    const { shape, filled, colour } = symbolOf(state);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d");
    if (!context) continue;
    context.scale(size / 20, size / 20);
    context.lineJoin = "round";
    context.lineCap = "round";
    const path = new Path2D(shape);
    context.strokeStyle = "#ffffff";
    context.lineWidth = filled ? 3.4 : 5;
    context.stroke(path);
    context.strokeStyle = colour;
    context.lineWidth = filled ? 1 : 2.6;
    if (filled) {
      context.fillStyle = colour;
      context.fill(path);
    }
    context.stroke(path);
    icons.set(iconName(state), context.getImageData(0, 0, size, size));
  }
  return icons;
}

/** EXERCISE and TEST as pixels for the map, which has no letters of its own. */
export function modeIcons(): Map<string, ImageData> {
  const icons = new Map<string, ImageData>();
  for (const mode of MARKED_MODES) {
    const word = modeWord(mode);
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    if (!context) continue;
    const font = "700 28px system-ui, sans-serif";
    context.font = font;
    canvas.width = Math.ceil(context.measureText(word).width) + 20;
    canvas.height = 40;
    // A new size forgets the font.
    context.font = font;
    context.fillStyle = "#ffd400";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = "#000000";
    context.textBaseline = "middle";
    context.fillText(word, 10, canvas.height / 2 + 1);
    icons.set(`mode-${mode}`, context.getImageData(0, 0, canvas.width, canvas.height));
  }
  return icons;
}

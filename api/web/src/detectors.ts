// Detectors and their sensors, and what the states of a detector mean, in words.

const DETECTORS: Record<string, [name: string, sensor: string]> = {
  burned: ["Burned settlements", "Sentinel-2, optical"],
  radar: ["Razed settlements", "Sentinel-1, radar"],
  ground_change: ["Ground change", "Sentinel-2, optical"],
  camp_change: ["Camps that appear", "Sentinel-2, optical"],
  camp_sites: ["Camps on the list", "Sentinel-2, optical"],
  abandonment: ["Fields and yards", "Sentinel-2, optical"],
  dist_alert: ["DIST-ALERT, made by others", "Sentinel-1, radar"],
  heat: ["Heat", "VIIRS and MODIS, thermal"],
};

const GROUPS: Record<string, string> = { optical: "optical", radar: "radar", heat: "heat" };

const STATES: Record<string, string> = {
  WATCH: "A first sign: not enough to be told as more.",
  PROBABLE: "Seen on two looks or more, above the threshold for a likely change.",
  ESTABLISHED: "Seen on three looks or more, above the strictest threshold.",
  CLOSED: "Its episode is over: the place has a new normal.",
  LAPSED: "Taken back: later looks did not show it any more.",
};

/** Burned settlements (Sentinel-2, optical) */
export function detectorWords(id: string): string {
  const known = DETECTORS[id];
  return known ? `${known[0]} (${known[1]})` : id.replaceAll("_", " ");
}

export const detectorStateMeaning = (state: string): string => STATES[state.toUpperCase()] ?? "";

/** The kinds of evidence of a source: "optical", "radar and optical". */
export const groupWords = (groups: readonly string[]): string =>
  groups.map((one) => GROUPS[one] ?? one.replace(/^layer:/, "others' layer: ")).join(" and ");

// What is wrong with the service, in words and in order.

import { SEVERITIES } from "./alertwords";
import type { Alarm, Alarms } from "./types";
import { counted, moment } from "./words";

/** Those that nobody sees to first, then the gravest. */
export function inOrder(alarms: readonly Alarm[]): Alarm[] {
  const grave = ({ severity }: Alarm): number => -SEVERITIES.indexOf(severity);
  const seen = ({ acknowledged }: Alarm): number => (acknowledged ? 1 : 0);
  return [...alarms].sort((one, other) => seen(one) - seen(other) || grave(one) - grave(other));
}

/** What stands above all: how many alarms are open; nothing where all is well. */
export function alarmWords({ watching, watched, items }: Alarms): string {
  const open = items.filter((one) => !one.acknowledged).length;
  const parts = [
    open > 0 ? `${counted(open, "alarm is", "alarms are")} open` : "",
    items.length > open ? `somebody sees to ${open > 0 ? "" : counted(items.length, "alarm")}${open > 0 ? `${items.length - open} more` : ""}` : "",
    watching ? "" : `nothing looks for what is wrong${watched ? ` since ${moment(watched)}` : ""}: that there is no alarm says nothing`,
  ].filter(Boolean);
  const words = parts.join("; ");
  return words ? `${words.charAt(0).toUpperCase()}${words.slice(1)}.` : "";
}

// A series as sixty minutes of medians, for a spark: a minute in which nothing answered or nothing was sent is null. Pure.

import type { Series } from '../api/types';
import { MINUTE } from '../format/time';

export function minutes_of(series: Series): (number | null)[] {
  const count = Math.max(1, Math.round((series.to - series.from) / MINUTE));
  const slots: number[][] = Array.from({ length: count }, () => []);
  for (const p of series.points) {
    if (p.rtt?.p50 == null) continue;
    const at = Math.floor((p.start - series.from) / MINUTE);
    slots[Math.min(count - 1, Math.max(0, at))]!.push(p.rtt.p50);
  }
  return slots.map((v) => (v.length ? v.sort((a, b) => a - b)[v.length >> 1]! : null));
}

// The time range of a view: the last so-and-so much (which moves with the clock) or two fixed moments. Pure.

import { DAY, HOUR, MINUTE } from '../format/time';

export const PRESETS = [
  { id: '5m', ms: 5 * MINUTE },
  { id: '15m', ms: 15 * MINUTE },
  { id: '1h', ms: HOUR },
  { id: '6h', ms: 6 * HOUR },
  { id: '24h', ms: DAY },
  { id: '7d', ms: 7 * DAY },
  { id: '30d', ms: 30 * DAY },
  { id: '180d', ms: 180 * DAY },
] as const;

export type PresetId = (typeof PRESETS)[number]['id'];
export type Range = { kind: 'last'; id: PresetId; ms: number } | { kind: 'fixed'; from: number; to: number };

const SHORTEST_MS = 10_000;
const DEFAULT: Range = { kind: 'last', id: '1h', ms: HOUR };

/** What to show when the URL names no range: an hour, or less where there is not yet an hour to show. */
export function fresh_default(age_ms: number): Range {
  const preset = PRESETS.find((p) => p.ms >= Math.min(HOUR, age_ms * 1.1)) ?? PRESETS[2];
  return { kind: 'last', ...preset };
}

export function parse_range(query: URLSearchParams, otherwise: Range = DEFAULT): Range {
  const from = Number(query.get('from'));
  const to = Number(query.get('to'));
  if (Number.isFinite(from) && Number.isFinite(to) && from > 0 && to - from >= SHORTEST_MS)
    return { kind: 'fixed', from, to };
  const preset = PRESETS.find((p) => p.id === query.get('range'));
  return preset ? { kind: 'last', ...preset } : otherwise;
}

/** The query words of a range; null takes a word away. */
export function range_words(range: Range): Record<string, string | null> {
  if (range.kind === 'fixed')
    return { range: null, from: String(Math.round(range.from)), to: String(Math.round(range.to)) };
  return { range: range.id, from: null, to: null };
}

export function bounds(range: Range, now: number): { from: number; to: number } {
  return range.kind === 'fixed' ? { from: range.from, to: range.to } : { from: now - range.ms, to: now };
}

/** Half a range to the left (-1) or right (+1); a step that (nearly) reaches now becomes the moving range again. */
export function shifted(range: Range, direction: -1 | 1, now: number): Range {
  const { from, to } = bounds(range, now);
  const step = ((to - from) / 2) * direction;
  if (to + step >= now - (to - from) / 10) {
    const preset = PRESETS.find((p) => Math.abs(p.ms - (to - from)) < 2000);
    if (preset) return { kind: 'last', ...preset };
    return { kind: 'fixed', from: now - (to - from), to: now };
  }
  return { kind: 'fixed', from: from + step, to: to + step };
}

/** Never shorter than ten seconds, never beyond now. */
export function zoomed(a: number, b: number, now: number): Range {
  const from = Math.min(a, b);
  const to = Math.min(Math.max(a, b, from + SHORTEST_MS), now);
  return { kind: 'fixed', from: Math.min(from, to - SHORTEST_MS), to };
}

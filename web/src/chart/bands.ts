// What a smoke chart draws, taken from the series: one band per window, the range of values, the gaps. Pure.

import type { Quantiles, SeriesPoint } from '../api/types';

export type Direction = 'rtt' | 'forward' | 'backward';

export interface Band {
  start: number;
  end: number;
  p5: number;
  p25: number;
  p50: number;
  p75: number;
  p95: number;
  max: number;
}

export function bands_of(points: readonly SeriesPoint[], direction: Direction): Band[] {
  const out: Band[] = [];
  for (const point of points) {
    const q: Quantiles | null = point[direction];
    if (!q || q.p50 === null) continue;
    out.push({
      start: point.start,
      end: point.start + point.duration_ms,
      p5: q.p5 ?? q.min ?? q.p50,
      p25: q.p25 ?? q.p50,
      p50: q.p50,
      p75: q.p75 ?? q.p50,
      p95: q.p95 ?? q.max ?? q.p50,
      max: q.max ?? q.p95 ?? q.p50,
    });
  }
  return out;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

/**
 * The values that the delay axis must show: every p5 and p50, the bands but for their very worst, and the maxima as long
 * as they don't flatten everything else (what lies above is drawn at the edge). null without bands.
 */
export function value_range(
  bands: readonly Band[],
  with_max: boolean,
  log: boolean,
): { low: number; high: number } | null {
  if (bands.length === 0) return null;
  const lows = bands.map((b) => b.p5).sort((a, b) => a - b);
  const highs = bands.map((b) => b.p95).sort((a, b) => a - b);
  const tops = bands.map((b) => b.max).sort((a, b) => a - b);
  let low = lows[0]!;
  const middle = Math.max(...bands.map((b) => b.p50));
  // A rare window that is far wider than nine in ten of them runs off the top instead of flattening the rest.
  const usual = quantile(highs, 0.9);
  let high = Math.max(middle, Math.min(quantile(highs, 0.98), low + (usual - low) * 4), usual);
  if (with_max) high = Math.max(high, Math.min(quantile(tops, 0.98), low + (high - low) * 2.2));
  if (log) {
    const floor = Math.max(1, low);
    return { low: floor / 1.08, high: Math.max(with_max ? tops[tops.length - 1]! : high, floor * 1.5) * 1.08 };
  }
  const pad = Math.max((high - low) * 0.08, Math.abs(high) * 0.004, 1000);
  // Zero is worth showing when it is near: below that the eye would read noise as change.
  low = low >= 0 && low < high * 0.45 ? 0 : low - pad;
  return { low, high: high + pad };
}

/** Stretches of [from, to] in which no point lies, longer than `tolerance_ms`. */
export function gaps(
  points: readonly SeriesPoint[],
  from: number,
  to: number,
  tolerance_ms: number,
): [number, number][] {
  const out: [number, number][] = [];
  let at = from;
  for (const p of points) {
    if (p.start - at > tolerance_ms) out.push([at, p.start]);
    at = Math.max(at, p.start + p.duration_ms);
  }
  if (to - at > tolerance_ms) out.push([at, to]);
  return out;
}

/** Index of the point that covers or lies nearest to a time; -1 without points. */
export function nearest(points: readonly SeriesPoint[], unix_ms: number): number {
  let low = 0;
  let high = points.length - 1;
  if (high < 0) return -1;
  const middle_of = (i: number) => points[i]!.start + points[i]!.duration_ms / 2;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (middle_of(mid) < unix_ms) low = mid + 1;
    else high = mid;
  }
  if (low > 0 && unix_ms - middle_of(low - 1) < middle_of(low) - unix_ms) low--;
  return low;
}

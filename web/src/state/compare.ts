// What a path's range is compared with: the range just before it, the same time yesterday or a week ago. Pure.

import type { Series, SeriesPoint } from '../api/types';
import { DAY } from '../format/time';

export const COMPARISONS = ['', 'before', '1d', '7d'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export function parse_comparison(word: string): Comparison {
  return COMPARISONS.find((c) => c === word) ?? '';
}

/** How far back, in milliseconds; null when nothing is compared. */
export function shift_of(comparison: Comparison, span_ms: number): number | null {
  switch (comparison) {
    case '':
      return null;
    case 'before':
      return span_ms;
    case '1d':
      return DAY;
    case '7d':
      return 7 * DAY;
  }
}

/** The points moved forward to where they are drawn. */
export function moved_points(series: Series, shift_ms: number): SeriesPoint[] {
  return series.points.map((p) => ({ ...p, start: p.start + shift_ms }));
}

export interface Sum {
  windows: number;
  /** Median of the windows' p50; null when nothing answered. */
  p50: number | null;
  sent: number;
  lost: number;
}

export function sum_of(points: readonly SeriesPoint[]): Sum {
  const medians = points.flatMap((p) => (p.rtt?.p50 != null ? [p.rtt.p50] : [])).sort((a, b) => a - b);
  return {
    windows: points.length,
    p50: medians[medians.length >> 1] ?? null,
    sent: points.reduce((n, p) => n + p.sent, 0),
    lost: points.reduce((n, p) => n + p.lost, 0),
  };
}

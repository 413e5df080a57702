// A series as CSV: times in ISO 8601 with the reader's offset, delays in nanoseconds as the API has them. Pure.

import type { Series } from '../api/types';
import { iso } from '../format/time';

const QUANTILES = ['min', 'p5', 'p25', 'p50', 'p75', 'p95', 'p99', 'max'] as const;

export function series_csv(series: Series): string {
  const head = [
    'start',
    'duration_ms',
    'sent',
    'received',
    'lost',
    'lost_forward',
    'lost_backward',
    'duplicated',
    'reordered',
    'reordered_forward',
    'reordered_backward',
    'marks',
    ...['rtt', 'forward', 'backward'].flatMap((d) => QUANTILES.map((q) => `${d}_${q}_ns`)),
    'error_bound_ns',
    'clock_bound_ns',
  ];
  const lines = series.points.map((p) =>
    [
      iso(p.start),
      p.duration_ms,
      p.sent,
      p.received,
      p.lost,
      p.lost_forward,
      p.lost_backward,
      p.duplicated,
      p.reordered,
      p.reordered_forward,
      p.reordered_backward,
      p.marks,
      ...[p.rtt, p.forward, p.backward].flatMap((d) => QUANTILES.map((q) => d?.[q] ?? null)),
      p.error_bound,
      p.clock_bound,
    ]
      .map((v) => v ?? '')
      .join(','),
  );
  return [head.join(','), ...lines].join('\n') + '\n';
}

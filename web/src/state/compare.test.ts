import { describe, expect, it } from 'vitest';
import type { Series, SeriesPoint } from '../api/types';
import { moved_points, parse_comparison, shift_of, sum_of } from './compare';

function point(start: number, p50: number | null, sent = 10, lost = 0): SeriesPoint {
  const rtt = p50 === null ? null : { min: p50, p5: p50, p25: p50, p50, p75: p50, p95: p50, p99: p50, max: p50 };
  return { start, duration_ms: 10, sent, received: sent - lost, lost, rtt } as unknown as SeriesPoint;
}

describe('comparison', () => {
  it('reads the word of the URL and nothing else', () => {
    expect(parse_comparison('7d')).toBe('7d');
    expect(parse_comparison('8d')).toBe('');
  });
  it('goes back by the range itself, a day or a week', () => {
    expect(shift_of('', 9)).toBeNull();
    expect(shift_of('before', 900_000)).toBe(900_000);
    expect(shift_of('1d', 1)).toBe(86_400_000);
    expect(shift_of('7d', 1)).toBe(604_800_000);
  });
  it('draws earlier points where the later ones are', () => {
    const series = { points: [point(100, 5)] } as unknown as Series;
    expect(moved_points(series, 1000)[0]!.start).toBe(1100);
    expect(series.points[0]!.start).toBe(100);
  });
  it('sums packets and takes the median of medians, unanswered windows counting as sent', () => {
    expect(sum_of([point(0, 3, 10, 1), point(1, 9), point(2, 4), point(3, null, 10, 10)])).toEqual({
      windows: 4,
      p50: 4,
      sent: 40,
      lost: 11,
    });
    expect(sum_of([])).toEqual({ windows: 0, p50: null, sent: 0, lost: 0 });
  });
});

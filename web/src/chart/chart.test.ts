import { describe, expect, it } from 'vitest';
import type { SeriesPoint } from '../api/types';
import { DAY, HOUR, MINUTE } from '../format/time';
import { bands_of, gaps, nearest, value_range } from './bands';
import { delay_position, delay_rgb, ink_on, loss_position, luminance } from './colour';
import { linear, linear_ticks, logarithmic, time_step, time_ticks } from './scale';
import { worst } from './shapes';

function point(start: number, p50: number | null, duration_ms = 10_000): SeriesPoint {
  const q =
    p50 === null
      ? null
      : {
          min: p50 - 4,
          p5: p50 - 3,
          p25: p50 - 1,
          p50,
          p75: p50 + 1,
          p95: p50 + 5,
          p99: p50 + 9,
          max: p50 + 100,
          mean: p50,
        };
  return {
    start,
    duration_ms,
    sent: 100,
    received: q ? 100 : 0,
    lost: q ? 0 : 100,
    duplicated: 0,
    reordered: 0,
    lost_forward: null,
    lost_backward: null,
    reordered_forward: null,
    reordered_backward: null,
    marks: 0,
    outcome: q ? 'answered' : 'no_answer',
    rtt: q,
    forward: null,
    backward: null,
    ipdv: null,
    error_bound: null,
    clock_bound: null,
  };
}

describe('scale', () => {
  it('has ticks on round values inside its range', () => {
    expect(linear_ticks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(linear_ticks(11.7, 12.9, 4)).toHaveLength(2);
    for (const t of linear_ticks(-3.3, 7.1, 6)) expect(t).toBeGreaterThanOrEqual(-3.3);
  });
  it('maps there and back', () => {
    for (const s of [linear(2, 10, 100, 20), logarithmic(2, 1000, 100, 20)]) {
      expect(s.at(2)).toBeCloseTo(100);
      expect(s.at(s.high)).toBeCloseTo(20);
      expect(s.value(s.at(7))).toBeCloseTo(7);
    }
  });
  it('puts time ticks on round local times', () => {
    const at = Date.UTC(2025, 0, 1, 3, 7);
    const ticks = time_ticks(at, at + 6 * HOUR, 6, -480);
    expect(ticks.length).toBeGreaterThan(3);
    for (const t of ticks) expect((t + 8 * HOUR) % HOUR).toBe(0);
    // A day begins at local midnight, not at midnight UTC.
    for (const t of time_ticks(at, at + 7 * DAY, 8, -480)) expect((t + 8 * HOUR) % DAY).toBe(0);
    expect(time_step(15 * MINUTE, 10)).toBe(2 * MINUTE);
  });
});

describe('bands', () => {
  it('leave out windows without an answer', () =>
    expect(bands_of([point(0, 5e6), point(1e4, null)], 'rtt')).toHaveLength(1));
  it('span a range that shows every p50 and is not flattened by one maximum', () => {
    const points = Array.from({ length: 50 }, (_, i) => point(i * 1e4, 10e6 + i * 1000));
    points[7]!.rtt!.max = 900e6;
    const range = value_range(bands_of(points, 'rtt'), true, false)!;
    expect(range.high).toBeLessThan(20e6);
    expect(range.high).toBeGreaterThan(10e6 + 49_000);
    expect(range.low).toBeLessThan(10e6);
  });
  it('stay above zero on a logarithmic scale', () =>
    expect(value_range(bands_of([point(0, 5e6)], 'rtt'), true, true)!.low).toBeGreaterThan(0));
  it('have no range without windows', () => expect(value_range([], true, false)).toBeNull());
  it('show gaps at both ends and between', () => {
    expect(gaps([point(100_000, 1), point(200_000, 1)], 0, 300_000, 25_000)).toEqual([
      [0, 100_000],
      [110_000, 200_000],
      [210_000, 300_000],
    ]);
    expect(gaps([], 0, 10, 5)).toEqual([[0, 10]]);
  });
  it('find the nearest window', () => {
    const points = [point(0, 1), point(10_000, 1), point(50_000, 1)];
    expect(nearest(points, 14_000)).toBe(1);
    expect(nearest(points, 1e9)).toBe(2);
    expect(nearest(points, -1e9)).toBe(0);
    expect(nearest([], 0)).toBe(-1);
  });
});

describe('colour', () => {
  it('grows brighter with delay, evenly enough to be read in grey', () => {
    let last = -1;
    for (let t = 0; t <= 1.0001; t += 0.05) {
      const l = luminance(delay_rgb(t));
      expect(l).toBeGreaterThan(last);
      last = l;
    }
  });
  it('always has an ink with a contrast of more than 4', () => {
    for (let t = 0; t <= 1; t += 0.02) {
      const rgb = delay_rgb(t);
      const l = luminance(rgb);
      const contrast = ink_on(rgb) === '#ffffff' ? 1.05 / (l + 0.05) : (l + 0.05) / (0.0083 + 0.05);
      expect(contrast).toBeGreaterThan(4);
    }
  });
  it('places loss and delay', () => {
    expect(loss_position(0)).toBe(0);
    expect(loss_position(1)).toBe(1);
    expect(loss_position(1e-5)).toBeGreaterThan(0);
    expect(delay_position(5, 10, 100)).toBe(0);
    expect(delay_position(1000, 10, 100)).toBe(1);
    expect(delay_position(31.6227766, 10, 100)).toBeCloseTo(0.5);
  });
});

describe('states', () => {
  it('have a worst', () => {
    expect(worst(['good', 'stale', 'broken', 'sick'])).toBe('broken');
    expect(worst(['good', 'stale'])).toBe('stale');
    expect(worst([])).toBe('unknown');
  });
});

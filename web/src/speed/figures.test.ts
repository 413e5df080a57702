import { expect, test } from 'vitest';
import {
  added_delay,
  calls_at_once,
  films_at_once,
  gauge_part,
  mean_mbps,
  median,
  rate_text,
  recent_mbps,
} from './figures';

test('median of odd, even and nothing', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNull();
});

test('rates of the last second and of all', () => {
  const points = [
    { at: 500, bytes: 1_000_000 },
    { at: 1000, bytes: 2_000_000 },
    { at: 2000, bytes: 12_000_000 },
  ];
  expect(recent_mbps(points)).toBe(80);
  expect(recent_mbps(points.slice(0, 1))).toBe(16);
  expect(recent_mbps([])).toBe(0);
  expect(mean_mbps(points.at(-1))).toBe(48);
  expect(mean_mbps(undefined)).toBe(0);
});

test('three figures', () => {
  expect([9.412, 94.12, 941.2, 12_345].map(rate_text)).toEqual(['9.41', '94.1', '941', '12,345']);
});

test('the gauge is logarithmic and ends', () => {
  expect([0, 1, 100, 10_000, 1e6].map(gauge_part)).toEqual([0, 0, 0.5, 1, 1]);
});

test('what it is enough for', () => {
  const figures = { down: 51, up: 9, idle: 20, loaded: 95 };
  expect(calls_at_once(figures)).toBe(2);
  expect(films_at_once(figures)).toBe(2);
  expect(added_delay(figures)).toBe(75);
  expect(added_delay({ ...figures, loaded: 10 })).toBe(0);
  expect(added_delay({ ...figures, idle: null })).toBeNull();
});

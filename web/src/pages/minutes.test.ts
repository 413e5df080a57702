import { expect, it } from 'vitest';
import type { Series } from '../api/types';
import { minutes_of } from './minutes';

it('puts windows into their minutes, the median standing for several', () => {
  const at = (start: number, p50: number | null) => ({ start, rtt: p50 === null ? null : { p50 } });
  const series = {
    from: 0,
    to: 240_000,
    points: [at(-5_000, 1), at(10_000, 9), at(20_000, 3), at(70_000, null), at(239_000, 7)],
  } as unknown as Series;
  expect(minutes_of(series)).toEqual([3, null, null, 7]);
});

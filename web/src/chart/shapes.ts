// The sign of each state as a path in a 12 × 12 box: colour never stands alone.

import type { PathState } from '../api/types';

export interface Sign {
  path: string;
  filled: boolean;
}

export const SIGNS: Record<PathState, Sign> = {
  good: { path: 'M6 2.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z', filled: true },
  degraded: { path: 'M6 1.6L11 10.4H1z', filled: true },
  broken: { path: 'M2.6 2.6L9.4 9.4M9.4 2.6L2.6 9.4', filled: false },
  stale: { path: 'M6 2a4 4 0 1 0 0 8a4 4 0 1 0 0-8M6 3.8V6l1.6 1', filled: false },
  sick: { path: 'M6 1.4L10.6 6L6 10.6L1.4 6z', filled: false },
  unknown: { path: 'M6 2.6a3.4 3.4 0 1 0 0 6.8a3.4 3.4 0 1 0 0-6.8z', filled: false },
};

/** Worst first: the order in which states want to be seen. */
export const BADNESS: readonly PathState[] = ['broken', 'degraded', 'sick', 'stale', 'unknown', 'good'];

export function worst(states: Iterable<PathState>): PathState {
  let best = BADNESS.length;
  for (const s of states) best = Math.min(best, BADNESS.indexOf(s));
  return BADNESS[best] ?? 'unknown';
}

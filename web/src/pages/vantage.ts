// The health of a vantage point as five verdicts: link, addresses, gateway, clock, CPU. Pure.

import type { Vantage } from '../api/types';

export type Verdict = 'good' | 'bad' | 'unknown';
export type Facet = 'link' | 'address' | 'gateway' | 'clock' | 'cpu';
export type Trouble =
  | { kind: 'link_down' }
  | { kind: 'family_missing'; family: number }
  | { kind: 'gateway_silent'; family: number }
  | { kind: 'clock_loose' }
  | { kind: 'cpu_busy'; share: number };

export interface Mark {
  facet: Facet;
  verdict: Verdict;
  troubles: Trouble[];
}

const LOOSE_CLOCK_NS = 100e6;
const BUSY_CPU = 0.9;

function mark(facet: Facet, known: boolean, troubles: Trouble[]): Mark {
  return { facet, verdict: !known ? 'unknown' : troubles.length ? 'bad' : 'good', troubles };
}

export function marks_of(vantage: Vantage): Mark[] {
  const links = vantage?.links ?? [];
  const families = vantage?.families ?? [];
  const clock = vantage?.clock ?? null;
  const cpu = vantage?.cpu_busy_ratio;
  const loose = clock !== null && (!clock.synchronised || (clock.bound_ns ?? 0) > LOOSE_CLOCK_NS);
  return [
    mark('link', links.length > 0, links.some((l) => l.up) ? [] : [{ kind: 'link_down' }]),
    mark(
      'address',
      families.length > 0,
      families.filter((f) => !f.has_address).map((f) => ({ kind: 'family_missing', family: f.family })),
    ),
    mark(
      'gateway',
      families.some((f) => f.has_default_route),
      families
        .filter((f) => f.has_default_route && !f.gateway_answers)
        .map((f) => ({ kind: 'gateway_silent', family: f.family })),
    ),
    mark('clock', clock !== null, loose ? [{ kind: 'clock_loose' }] : []),
    mark(
      'cpu',
      cpu !== undefined && cpu !== null,
      cpu !== undefined && cpu > BUSY_CPU ? [{ kind: 'cpu_busy', share: cpu }] : [],
    ),
  ];
}

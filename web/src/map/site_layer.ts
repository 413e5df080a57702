// What the sites of the map show beside their state: how much their access carries, how responsive it is, what limits
// it. Pure.

import type { AccessGroup, AccessLimit, AccessSpread } from '../api/types';
import { css, delay_rgb } from '../chart/colour';
import { capacity_methods } from '../pages/access_model';

export const SITE_LAYERS = ['state', 'capacity', 'rpm', 'verdict'] as const;
export type SiteBy = (typeof SITE_LAYERS)[number];

/** The access of a site: medians of the network that carries most where it has several. */
export interface SiteAccess {
  capacity: AccessSpread;
  method: string;
  rpm: AccessSpread;
  /** The limit met most often, and how many of how many tests met it. */
  verdict: AccessLimit | null;
  met: number;
  judged: number;
}

/** Ends of the scales: 10 Mbit/s to 10 Gbit/s, 30 to 10,000 round trips a minute. */
export const SCALES = { capacity: [1e7, 1e10], rpm: [30, 10_000] } as const;

function better(a: AccessSpread, b: AccessSpread): AccessSpread {
  return !a || (b && b.median > a.median) ? b : a;
}

export function site_access(groups: readonly AccessGroup[]): Map<string, SiteAccess> {
  const method = capacity_methods(groups)[0] ?? '';
  const out = new Map<string, SiteAccess>();
  const verdicts = new Map<string, Map<AccessLimit, number>>();
  for (const g of groups) {
    let site = out.get(g.site);
    if (!site) out.set(g.site, (site = { capacity: null, method, rpm: null, verdict: null, met: 0, judged: 0 }));
    if (g.method === method && g.direction === 'down') site.capacity = better(site.capacity, g.throughput);
    if (g.method === 'responsiveness') site.rpm = better(site.rpm, g.rpm);
    const counts = verdicts.get(g.site) ?? new Map<AccessLimit, number>();
    verdicts.set(g.site, counts);
    for (const [word, n] of Object.entries(g.verdicts)) {
      if (word !== 'unspecified' && n) counts.set(word as AccessLimit, (counts.get(word as AccessLimit) ?? 0) + n);
    }
  }
  for (const [id, counts] of verdicts) {
    const site = out.get(id)!;
    for (const [verdict, n] of counts) {
      site.judged += n;
      if (n > site.met || (n === site.met && site.verdict !== null && verdict < site.verdict)) {
        site.verdict = verdict;
        site.met = n;
      }
    }
  }
  return out;
}

/** Where a figure lies on its scale, 0 to 1, logarithmic. */
export function position(by: 'capacity' | 'rpm', value: number): number {
  const [low, high] = SCALES[by];
  return value <= low ? 0 : Math.min(1, Math.log(value / low) / Math.log(high / low));
}

const LIMIT_COLOURS: Partial<Record<AccessLimit, string>> = {
  network: 'var(--there)',
  policer: 'var(--degraded)',
  loss: 'var(--broken)',
  radio: 'var(--back)',
  unsure: 'var(--unknown)',
};
/** Both ends' own limits have one colour: they say nothing about the network. */
export function limit_colour(limit: AccessLimit): string {
  return LIMIT_COLOURS[limit] ?? 'var(--sick)';
}

/** How a site is drawn: a disc that grows with the figure; null when it has none. */
export interface Disc {
  colour: string;
  radius: number;
}

export function disc(by: SiteBy, access: SiteAccess | undefined, radius: number): Disc | null {
  if (by === 'state' || !access) return null;
  if (by === 'verdict') {
    return access.verdict ? { colour: limit_colour(access.verdict), radius: radius + 2 } : null;
  }
  const median = access[by]?.median;
  if (median === undefined) return null;
  const at = position(by, median);
  return { colour: css(delay_rgb(at)), radius: 3 + 6.5 * at };
}

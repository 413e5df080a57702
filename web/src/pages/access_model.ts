// What the Access page draws, from the groups of GET access. Pure.

import type { AccessGroup, AccessLimit, AccessSpread, AccessTest } from '../api/types';

/** A kind of access network, and its name where one kind has several: what stands side by side. */
export interface Line {
  key: string;
  network: string;
  /** Empty when the kind says it all. */
  name: string;
}

const NETWORKS = ['fixed', 'wifi', '5g', '4g', 'other', 'unknown', 'unspecified'];
/** Of capacity, the usual first. */
const CAPACITY = ['tcp', 'udp', 'ndt7'];

export function key_of(one: { network: string; access: string }): string {
  return `${one.network} ${one.access}`;
}

/** Fixed first, then the mobile ones; by name within a kind. */
export function lines_of(groups: readonly { network: string; access: string }[]): Line[] {
  const found = new Map<string, Line>();
  for (const g of groups) {
    const name = g.access.toLowerCase() === g.network ? '' : g.access;
    found.set(key_of(g), { key: key_of(g), network: g.network, name });
  }
  return [...found.values()].sort(
    (a, b) => NETWORKS.indexOf(a.network) - NETWORKS.indexOf(b.network) || a.name.localeCompare(b.name),
  );
}

/** The methods that give a capacity, those with most tests first among equals of the usual order. */
export function capacity_methods(groups: readonly AccessGroup[]): string[] {
  const known = new Set(groups.filter((g) => g.throughput && g.method !== 'responsiveness').map((g) => g.method));
  const rank = (m: string): number => (CAPACITY.includes(m) ? CAPACITY.indexOf(m) : CAPACITY.length);
  return [...known].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

export interface SiteRow {
  site: string;
  /** By line: what its tests say. */
  down: Record<string, AccessSpread>;
  up: Record<string, AccessSpread>;
  rpm: Record<string, AccessSpread>;
  idle: Record<string, AccessSpread>;
  loaded: Record<string, AccessSpread>;
  tests: number;
}

/** One row a site. Delays are of the download of the method, or of responsiveness where that says none. */
export function site_rows(groups: readonly AccessGroup[], method: string): SiteRow[] {
  const rows = new Map<string, SiteRow>();
  for (const g of groups) {
    const row = rows.get(g.site) ?? { site: g.site, down: {}, up: {}, rpm: {}, idle: {}, loaded: {}, tests: 0 };
    rows.set(g.site, row);
    row.tests += g.tests;
    const key = key_of(g);
    if (g.method === method && g.direction === 'down') row.down[key] = g.throughput;
    if (g.method === method && g.direction === 'up') row.up[key] = g.throughput;
    if (g.method === 'responsiveness' && g.rpm && (g.direction === 'both' || !row.rpm[key])) row.rpm[key] = g.rpm;
    const best = g.method === method && g.direction === 'down';
    if (best || (g.method === 'responsiveness' && !row.loaded[key])) {
      if (g.idle_p50) row.idle[key] = g.idle_p50;
      if (g.loaded_p50) row.loaded[key] = g.loaded_p50;
    }
  }
  return [...rows.values()].sort((a, b) => a.site.localeCompare(b.site));
}

/** The greatest median of a column's cells: what bars are measured against. */
export function greatest(cells: readonly Record<string, AccessSpread>[]): number {
  return Math.max(0, ...cells.flatMap((cell) => Object.values(cell).map((s) => s?.median ?? 0)));
}

export type Cut = 'hours' | 'weekdays';
export const SLOTS: Record<Cut, readonly number[]> = {
  hours: Array.from({ length: 24 }, (_, i) => i),
  weekdays: [1, 2, 3, 4, 5, 6, 7],
};

/** What a method says of a site over one access network. */
export interface MethodCell {
  down: AccessSpread;
  up: AccessSpread;
  rpm: AccessSpread;
  idle: AccessSpread;
  loaded: AccessSpread;
}
export interface MethodRow {
  site: string;
  line: string;
  /** By method. */
  cells: Record<string, MethodCell>;
}

/** All methods that gave a figure, the capacities first. */
export function methods_of(groups: readonly AccessGroup[]): string[] {
  const responsive = groups.some((g) => g.method === 'responsiveness' && (g.throughput || g.rpm));
  return [...capacity_methods(groups), ...(responsive ? ['responsiveness'] : [])];
}

/** A row for each site and access network: every method beside the others. Delays are those of the download, or of a load
    both ways where only that was measured. */
export function method_rows(groups: readonly AccessGroup[]): MethodRow[] {
  const rows = new Map<string, MethodRow>();
  for (const g of groups) {
    const id = `${g.site}\n${key_of(g)}`;
    const row = rows.get(id) ?? { site: g.site, line: key_of(g), cells: {} };
    rows.set(id, row);
    const cell = (row.cells[g.method] ??= { down: null, up: null, rpm: null, idle: null, loaded: null });
    if (g.direction === 'down') Object.assign(cell, { down: g.throughput, idle: g.idle_p50, loaded: g.loaded_p50 });
    if (g.direction === 'up') cell.up = g.throughput;
    if (g.direction === 'both') {
      cell.down ??= g.throughput;
      cell.idle ??= g.idle_p50;
      cell.loaded ??= g.loaded_p50;
    }
    if (g.rpm && (g.direction === 'both' || !cell.rpm)) cell.rpm = g.rpm;
  }
  const rank = (row: MethodRow): number => NETWORKS.indexOf(row.line.split(' ')[0]!);
  return [...rows.values()].sort(
    (a, b) => a.site.localeCompare(b.site) || rank(a) - rank(b) || a.line.localeCompare(b.line),
  );
}

/** By line, one value a slot: the medians of throughput, or of round trips a minute; null where no test was. */
export function slot_values(
  groups: readonly AccessGroup[],
  cut: Cut,
  method: string,
  what: 'down' | 'up' | 'rpm',
): Record<string, (AccessSpread | null)[]> {
  const by_line: Record<string, (AccessSpread | null)[]> = {};
  for (const g of groups) {
    const is_wanted = what === 'rpm' ? g.method === 'responsiveness' : g.method === method && g.direction === what;
    const value = what === 'rpm' ? g.rpm : g.throughput;
    const at = SLOTS[cut].indexOf(g.slot);
    if (!is_wanted || !value || at < 0) continue;
    const values = (by_line[key_of(g)] ??= SLOTS[cut].map(() => null));
    // Loaded both ways is the draft's figure; it stands last among the directions.
    if (!values[at] || g.direction === 'both') values[at] = value;
  }
  return by_line;
}

export interface VerdictRow {
  verdict: AccessLimit;
  /** By line: how many tests. */
  tests: Record<string, number>;
  total: number;
}

/** The verdicts met, the most frequent first; what nobody judged is left out. */
export function verdict_rows(groups: readonly AccessGroup[]): VerdictRow[] {
  const rows = new Map<AccessLimit, VerdictRow>();
  for (const g of groups) {
    for (const [word, n] of Object.entries(g.verdicts)) {
      if (word === 'unspecified' || !n) continue;
      const verdict = word as AccessLimit;
      const row = rows.get(verdict) ?? { verdict, tests: {}, total: 0 };
      rows.set(verdict, row);
      row.tests[key_of(g)] = (row.tests[key_of(g)] ?? 0) + n;
      row.total += n;
    }
  }
  return [...rows.values()].sort((a, b) => b.total - a.total || a.verdict.localeCompare(b.verdict));
}

/** How old the newest test may be before the page says that it knows nothing about now. */
export const STALE_MS = 2 * 86_400_000;

export function newest_ms(tests: readonly AccessTest[]): number | null {
  return tests.length ? Math.max(...tests.map((one) => one.start_ms)) : null;
}

/** Upper end of an axis: 1, 2 or 5 times a power of ten. */
export function axis_end(value: number): number {
  if (value <= 0) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((f) => f * size).find((end) => end >= value * 0.999)!;
}

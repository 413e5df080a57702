// Which paths a list shows and in which order. Pure.

import { BADNESS } from '../chart/shapes';
import type { PathRow } from '../api/types';

export interface Filter {
  state: string;
  method: string;
  family: string;
  site: string;
  text: string;
}

const COLLATOR = new Intl.Collator();

export type SortKey = 'state' | 'from' | 'to' | 'rtt' | 'p99' | 'loss' | 'jitter';

export interface Named {
  row: PathRow;
  /** Its place when all are ordered by name. */
  rank: number;
  from: string;
  to: string;
  /** Lower case, everything that the search looks at. */
  haystack: string;
}

export function named(row: PathRow, from: string, to: string, aliases: readonly string[] = []): Named {
  const words = [
    from,
    to,
    row.target,
    row.address ?? '',
    row.source_site ?? '',
    row.target_site ?? '',
    row.plan_item,
    row.method,
    row.id,
    row.access ?? '',
    `ipv${row.family}`,
    ...aliases,
  ];
  return { row, rank: 0, from, to, haystack: words.join(' ').toLowerCase() };
}

/** Done once per set of names, since comparing as a language orders is slow; later sorts compare ranks. */
export function ranked(items: Named[]): Named[] {
  items.sort(
    (a, b) =>
      COLLATOR.compare(a.from, b.from) ||
      COLLATOR.compare(a.to, b.to) ||
      a.row.family - b.row.family ||
      COLLATOR.compare(a.row.method, b.row.method),
  );
  items.forEach((item, i) => (item.rank = i));
  return items;
}

export function fits(item: Named, filter: Filter): boolean {
  const { row } = item;
  if (filter.state && row.state !== filter.state) return false;
  if (filter.method && row.method !== filter.method) return false;
  if (filter.family && String(row.family) !== filter.family) return false;
  if (filter.site && row.source_site !== filter.site && row.target_site !== filter.site) return false;
  if (!filter.text) return true;
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => item.haystack.includes(word));
}

function figure(item: Named, key: SortKey): number | null {
  const m = item.row.minute;
  switch (key) {
    case 'rtt':
      return m.rtt_p50;
    case 'p99':
      return m.rtt_p99;
    case 'loss':
      return m.loss_ratio;
    case 'jitter':
      return m.ipdv_p99;
    case 'state':
      return -BADNESS.indexOf(item.row.state);
    case 'from':
    case 'to':
      return null;
  }
}

/** Figures sort from the largest, names from A; what is not known comes last either way. */
export function sorted(items: readonly Named[], key: SortKey, reverse: boolean): Named[] {
  const sign = reverse ? -1 : 1;
  const by = (a: Named, b: Named): number => {
    if (key === 'from') return sign * (a.rank - b.rank);
    if (key === 'to') return sign * (COLLATOR.compare(a.to, b.to) || a.rank - b.rank);
    const x = figure(a, key);
    const y = figure(b, key);
    if (x === null || y === null) return x === y ? a.rank - b.rank : x === null ? 1 : -1;
    return x === y ? a.rank - b.rank : sign * (y - x);
  };
  return [...items].sort(by);
}

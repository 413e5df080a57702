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
  /** As of when it got its names: what it is, not how it stands. */
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

/** As far as what the path is decides; its state is asked of its live row. */
export function fits(item: Named, filter: Filter): boolean {
  const { row } = item;
  if (filter.method && row.method !== filter.method) return false;
  if (filter.family && String(row.family) !== filter.family) return false;
  if (filter.site && row.source_site !== filter.site && row.target_site !== filter.site) return false;
  if (!filter.text) return true;
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => item.haystack.includes(word));
}

const PLACE = Object.fromEntries(BADNESS.map((state, i) => [state, i])) as Record<PathRow['state'], number>;

function figure(row: PathRow, key: Exclude<SortKey, 'from' | 'to'>): number | null {
  switch (key) {
    case 'rtt':
      return row.minute.rtt_p50;
    case 'p99':
      return row.minute.rtt_p99;
    case 'loss':
      return row.minute.loss_ratio;
    case 'jitter':
      return row.minute.ipdv_p99;
    case 'state':
      return -PLACE[row.state];
  }
}

/** Names from A; does not change with what is measured. */
export function sorted_by_name(items: readonly Named[], key: 'from' | 'to', reverse: boolean): Named[] {
  const sign = reverse ? -1 : 1;
  const by = (a: Named, b: Named): number =>
    key === 'from' ? sign * (a.rank - b.rank) : sign * COLLATOR.compare(a.to, b.to) || a.rank - b.rank;
  return [...items].sort(by);
}

/** Figures from the largest; what is not known comes last either way. Each row is looked at once, not with every comparison,
 *  and as long as none of them says something else the list stays the same. */
export class FigureOrder {
  private last: { items: readonly Named[]; by: string; keys: Float64Array; sorted: readonly Named[] } | null = null;

  sorted(
    items: readonly Named[],
    key: Exclude<SortKey, 'from' | 'to'>,
    reverse: boolean,
    row_of: (item: Named) => PathRow,
  ): readonly Named[] {
    const sign = reverse ? -1 : 1;
    const by = `${key} ${sign}`;
    /** What sorts ascending. */
    const keys = new Float64Array(items.length);
    const { last } = this;
    let same = last !== null && last.items === items && last.by === by;
    for (let i = 0; i < keys.length; i++) {
      const value = figure(row_of(items[i]!), key);
      keys[i] = value === null ? Infinity : -sign * value;
      same &&= keys[i] === last!.keys[i];
    }
    if (same) return last!.sorted;
    const places = items.map((_, i) => i);
    places.sort((a, b) => {
      const [x, y] = [keys[a]!, keys[b]!];
      return x === y ? items[a]!.rank - items[b]!.rank : x < y ? -1 : 1;
    });
    this.last = { items, by, keys, sorted: places.map((i) => items[i]!) };
    return this.last.sorted;
  }
}

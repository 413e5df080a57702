// The arrays of live events, put into the rows they speak of. Pure.

import type { PathRow, PathState } from '../api/types';

export interface LiveRows {
  columns: string[];
  rows: (string | number | null)[][];
}

type Values = LiveRows['rows'][number];
const FIGURES = ['sent', 'received', 'lost', 'rtt_p50', 'rtt_p99', 'ipdv_p99'] as const;

/** Puts values into a row of the page; where each figure stands is found once for all rows of an event. Makes a new row, so
 *  that who shows it sees that it changed. Columns that the page does not know are passed over. */
export function merger(columns: readonly string[]): (row: PathRow, values: Values) => PathRow {
  const state_at = columns.indexOf('state');
  const figures = FIGURES.map((name) => [name, columns.indexOf(name)] as const).filter(([, at]) => at >= 0);
  return (row, values) => {
    const fresh = { ...row };
    if (state_at >= 0) fresh.state = values[state_at] as PathState;
    if (figures.length === 0) return fresh;
    const minute = { ...row.minute };
    for (const [name, at] of figures) (minute[name] as number | null) = (values[at] as number | undefined) ?? null;
    minute.loss_ratio = minute.sent > 0 ? minute.lost / minute.sent : null;
    fresh.minute = minute;
    return fresh;
  };
}

// The arrays of live events, put into the rows they speak of. Pure.

import type { PathRow, PathState } from '../api/types';

export interface LiveRows {
  columns: string[];
  rows: (string | number | null)[][];
}

/** A new row, so that who shows it sees that it changed. Columns that the page does not know are passed over. */
export function merge_row(row: PathRow, columns: readonly string[], values: LiveRows['rows'][number]): PathRow {
  const fresh = { ...row };
  if (columns.length > 2) fresh.minute = { ...row.minute };
  columns.forEach((name, i) => {
    const value = values[i] ?? null;
    if (name === 'state') fresh.state = value as PathState;
    else if (name in row.minute) (fresh.minute as Record<string, unknown>)[name] = value;
  });
  const { sent, lost } = fresh.minute;
  if (columns.includes('lost')) fresh.minute.loss_ratio = sent > 0 ? lost / sent : null;
  return fresh;
}

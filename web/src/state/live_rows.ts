// The arrays of live events, put into the rows they speak of. Pure.

import type { PathRow, PathState } from '../api/types';

export interface LiveRows {
  columns: string[];
  rows: (string | number | null)[][];
}

type Values = LiveRows['rows'][number];
type Minute = PathRow['minute'];

/** Puts values into a row of the page; where each figure stands is found once for all rows of an event. Makes a new row, so
 *  that who shows it sees that it changed. Columns that the page does not know are passed over. Runs for hundreds of rows
 *  at once every two seconds, cold each time: hence every figure by its name, and no loop over names. */
export function merger(columns: readonly string[]): (row: PathRow, values: Values) => PathRow {
  const state = columns.indexOf('state');
  const sent = columns.indexOf('sent');
  const received = columns.indexOf('received');
  const lost = columns.indexOf('lost');
  const p50 = columns.indexOf('rtt_p50');
  const p99 = columns.indexOf('rtt_p99');
  const jitter = columns.indexOf('ipdv_p99');
  const figures = Math.max(sent, received, lost, p50, p99, jitter) >= 0;

  const merge_minute = (minute: Minute, values: Values): Minute => {
    const fresh = { ...minute };
    if (sent >= 0) fresh.sent = values[sent] as number;
    if (received >= 0) fresh.received = values[received] as number;
    if (lost >= 0) fresh.lost = values[lost] as number;
    if (p50 >= 0) fresh.rtt_p50 = values[p50] as number | null;
    if (p99 >= 0) fresh.rtt_p99 = values[p99] as number | null;
    if (jitter >= 0) fresh.ipdv_p99 = values[jitter] as number | null;
    fresh.loss_ratio = fresh.sent > 0 ? fresh.lost / fresh.sent : null;
    return fresh;
  };

  return (row, values) => {
    const fresh = { ...row };
    if (state >= 0) fresh.state = values[state] as PathState;
    if (figures) fresh.minute = merge_minute(row.minute, values);
    return fresh;
  };
}

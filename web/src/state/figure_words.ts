// The sentence behind a figure of a path: its window, sample size, error and source.

import type { PathRow } from '../api/types';
import { count } from '../format/count';
import { delay_text } from '../format/delay';
import { loss_interval, loss_text } from '../format/ratio';
import { t } from '../i18n';

export function delay_about(row: PathRow, name: string): string {
  return t('figure.tip', {
    name,
    window: t('figure.last_minute'),
    received: count(row.minute.received),
    sent: count(row.minute.sent),
    error: row.error_bound === null ? '' : t('figure.tip_error', { error: delay_text(row.error_bound) }),
    source: t(`figure.source.${row.timestamp_source ?? 'unknown'}`),
  });
}

export function one_way_about(row: PathRow, name: string): string {
  return t('figure.tip_clock', {
    name,
    window: t('figure.last_minute'),
    received: count(row.minute.received),
    sent: count(row.minute.sent),
    clock: delay_text(row.clock_bound),
  });
}

export function loss_about(row: PathRow): string {
  const interval = loss_interval(row.minute.lost, row.minute.sent);
  return t('figure.tip_loss', {
    lost: count(row.minute.lost),
    sent: count(row.minute.sent),
    window: t('figure.last_minute'),
    low: loss_text(interval?.[0] ?? null),
    high: loss_text(interval?.[1] ?? null),
  });
}

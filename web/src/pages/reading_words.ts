// A point of a series in words, for the reading line and for those who listen to it.

import type { SeriesPoint } from '../api/types';
import { count } from '../format/count';
import { delay_text } from '../format/delay';
import { loss_text } from '../format/ratio';
import { moment } from '../format/time';
import { t, type Key } from '../i18n';

const MARK_BITS = [1, 2, 4, 8, 16, 32] as const;

export function mark_words(bits: number): string[] {
  return MARK_BITS.filter((bit) => bits & bit).map((bit) => t(`mark.${bit}` as Key));
}

export function reading_words(point: SeriesPoint): string {
  const parts = [moment(point.start)];
  if (point.rtt)
    parts.push(
      `p50 ${delay_text(point.rtt.p50)}`,
      `p95 ${delay_text(point.rtt.p95)}`,
      `${t('figure.max')} ${delay_text(point.rtt.max)}`,
    );
  parts.push(
    `${t('figure.loss')} ${loss_text(point.sent ? point.lost / point.sent : null)} (${count(point.lost)}/${count(point.sent)})`,
  );
  return [...parts, ...mark_words(point.marks)].join(', ');
}

// What limited a speed test by the server's verdict (docs/methods/limits.md), in sentences for people.

import type { SpeedResult } from '../api/types';
import { t, t_or } from '../i18n';
import { rate_text } from './figures';

type Judged = Pick<SpeedResult['tests'][number], 'direction' | 'throughput' | 'verdict' | 'queue'>;

/** One for each direction that was judged. */
export function limits(tests: readonly Judged[]): string[] {
  const out: string[] = [];
  for (const { direction, throughput, verdict, queue } of tests) {
    if (verdict === 'unspecified') continue;
    const words = { mbps: rate_text((throughput ?? 0) / 1e6), what: t_or('speed.limit', verdict) };
    const sentence = t(`speed.limited.${direction}`, words);
    // Under a millisecond nobody feels it.
    const waits = verdict === 'network' && queue !== null && queue >= 1e6;
    out.push(waits ? `${sentence} ${t('speed.limited.queue', { ms: Math.round(queue / 1e6) })}` : sentence);
  }
  return out;
}

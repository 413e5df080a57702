// What the figures of a speed test mean, in sentences for people.

import { t } from '../i18n';
import { added_delay, calls_at_once, films_at_once, rate_text, TALK_MS, type Figures } from './figures';

const ms_text = (ms: number) => `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;

export function says(figures: Figures, family: string): string[] {
  const out = [t('speed.says.rates', { down: rate_text(figures.down), up: rate_text(figures.up), family })];
  const calls = calls_at_once(figures);
  const films = films_at_once(figures);
  out.push(calls > 0 ? t('speed.says.calls', { n: calls > 99 ? '99+' : calls }) : t('speed.says.no_calls'));
  out.push(films > 0 ? t('speed.says.films', { n: films > 99 ? '99+' : films }) : t('speed.says.no_films'));
  const added = added_delay(figures);
  if (added !== null && figures.idle !== null && figures.loaded !== null) {
    const words = { idle: ms_text(figures.idle), loaded: ms_text(figures.loaded), added: ms_text(added) };
    out.push(t(figures.loaded > TALK_MS ? 'speed.says.delay_bad' : 'speed.says.delay', words));
  }
  out.push(t('speed.says.limits'));
  return out;
}

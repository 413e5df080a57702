// A link in words and in colour.

import type { Link, LinkFigure, LinkSettings } from '../api/types';
import { css, delay_position, delay_rgb, loss_position, loss_rgb } from '../chart/colour';
import { delay_text } from '../format/delay';
import { loss_text } from '../format/ratio';
import { rate } from '../format/count';
import { t, t_or } from '../i18n';
import { site_name } from '../state/describe';

export type ColourBy = 'state' | 'delay' | 'loss';
export const DELAY_LOW_NS = 100_000;
export const DELAY_HIGH_NS = 30_000_000;

export function link_name(link: Link): string {
  return t('link.title', { a: site_name(link.a), b: site_name(link.b) });
}

/** Round trip over the link alone: measured when a path is just this link, else as it was set. */
export function link_rtt(link: Link, figure: LinkFigure | undefined): number {
  return figure?.rtt_p50 ?? (link.settings.forward.delay_us + link.settings.backward.delay_us) * 1000;
}

export function link_loss(link: Link, figure: LinkFigure | undefined): number {
  const { forward, backward } = link.settings;
  return figure?.loss_ratio ?? 1 - (1 - forward.loss_ratio) * (1 - backward.loss_ratio);
}

export function link_colour(link: Link, figure: LinkFigure | undefined, by: ColourBy, dark: boolean): string {
  if (link.state === 'down') return 'var(--broken)';
  if (by === 'delay') return css(delay_rgb(delay_position(link_rtt(link, figure), DELAY_LOW_NS, DELAY_HIGH_NS)));
  if (by === 'loss') return css(loss_rgb(0.12 + 0.88 * loss_position(link_loss(link, figure)), dark));
  return link.changed ? 'var(--degraded)' : 'var(--link)';
}

export function settings_words(s: LinkSettings): string {
  const parts = [delay_text(s.delay_us * 1000)];
  if (s.jitter_us > 0) parts.push(`± ${delay_text(s.jitter_us * 1000)}`);
  parts.push(rate(s.rate_bps));
  if (s.loss_ratio > 0) parts.push(`${t('figure.loss')} ${loss_text(s.loss_ratio)}`);
  if (s.reorder_ratio > 0) parts.push(`${t('link.reorder')} ${loss_text(s.reorder_ratio)}`);
  if (s.duplicate_ratio > 0) parts.push(`${t('link.duplicate')} ${loss_text(s.duplicate_ratio)}`);
  if (s.mtu > 0) parts.push(`MTU ${s.mtu}`);
  return parts.join(', ');
}

export function link_words(link: Link, figure: LinkFigure | undefined): string {
  const parts = [`${link_name(link)} (${t_or('link', link.kind)})`, t(`link.state.${link.state}`)];
  if (figure && figure.rtt_p50 !== null) {
    parts.push(`${t('map.measured')} ${delay_text(figure.rtt_p50)}, ${loss_text(figure.loss_ratio)}`);
  }
  parts.push(`${t('map.set_delay')} ${settings_words(link.settings.forward)}`);
  if (link.changed) parts.push(t('map.link_changed'));
  return parts.join(' · ');
}

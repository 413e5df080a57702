// The access of a site in words, for its name on the map and for the table.

import { count, rate } from '../format/count';
import { share_text } from '../format/ratio';
import { t } from '../i18n';
import type { SiteAccess, SiteBy } from './site_layer';

export function capacity_words(access: SiteAccess | undefined): string {
  return access?.capacity ? `${rate(access.capacity.median)} (${access.method}, ${count(access.capacity.count)})` : '–';
}
export function rpm_words(access: SiteAccess | undefined): string {
  return access?.rpm ? `${count(access.rpm.median)} ${t('map.sites.rpm_unit')} (${count(access.rpm.count)})` : '–';
}
export function verdict_words(access: SiteAccess | undefined): string {
  if (!access?.verdict) return '–';
  return `${t(`access.verdict.${access.verdict}`)} (${share_text(access.met / access.judged)})`;
}

export function site_figure(by: SiteBy, access: SiteAccess | undefined): string {
  const words = by === 'capacity' ? capacity_words(access) : by === 'rpm' ? rpm_words(access) : verdict_words(access);
  return words === '–' ? t('map.sites.none') : `${t(`map.sites.${by}`)}: ${words}`;
}

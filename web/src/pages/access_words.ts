// Names and colours of access networks; one colour for a network everywhere on the page, and a dash that tells lines
// apart without it.

import { delay_text, significant } from '../format/delay';
import { bytes, count, rate } from '../format/count';
import { t_or } from '../i18n';
import type { Line } from './access_model';

const COLOURS: Record<string, string> = {
  fixed: 'var(--there)',
  wifi: 'var(--sick)',
  '5g': 'var(--back)',
  '4g': 'var(--reverse)',
};
const DASHES: Record<string, string> = { fixed: '', wifi: '1 3', '5g': '5 3', '4g': '8 3 1 3' };

export function line_name(line: { network: string; name?: string; access?: string }): string {
  const kind = t_or('network', line.network);
  const name = line.name ?? (line.access?.toLowerCase() === line.network ? '' : (line.access ?? ''));
  return name ? `${kind} (${name})` : kind;
}
export function line_colour(line: Line): string {
  return COLOURS[line.network] ?? 'var(--ink-3)';
}
export function line_dash(line: Line): string {
  return DASHES[line.network] ?? '2 2';
}

/** A figure of evidence with the unit that it came with. */
export function evidence_text(value: number, unit: string): string {
  if (unit === 'ns') return delay_text(value);
  if (unit === 'bit/s') return value ? rate(value) : `0\u00a0bit/s`;
  if (unit === 'bytes') return bytes(value);
  const size = Math.abs(value);
  const figure = size >= 1000 ? count(value) : significant(value);
  return unit ? `${figure}\u00a0${unit}` : figure;
}

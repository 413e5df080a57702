// Loss and other shares: per cent down to 0.01 %, parts per million below.

import { NOT_KNOWN, significant, text, type Quantity } from './delay';

export function loss(ratio: number | null | undefined): Quantity {
  if (ratio === null || ratio === undefined || !Number.isFinite(ratio)) return NOT_KNOWN;
  if (ratio === 0) return { figure: '0', unit: '%' };
  if (ratio >= 0.9995) return { figure: '100', unit: '%' };
  if (ratio >= 0.0001) return { figure: significant(ratio * 100, ratio >= 0.1 ? 3 : 2), unit: '%' };
  return { figure: significant(ratio * 1e6, 2), unit: 'ppm' };
}

export function loss_text(ratio: number | null | undefined): string {
  return text(loss(ratio));
}

export function share_text(ratio: number | null | undefined): string {
  if (ratio === null || ratio === undefined) return '–';
  return `${Math.round(ratio * 100)}\u00a0%`;
}

/**
 * Wilson score interval (95 %) of lost among sent: the error of a loss figure. null when nothing was sent.
 * Wilson, J. Am. Stat. Assoc. 22 (1927) 209–212.
 */
export function loss_interval(lost: number, sent: number): [number, number] | null {
  if (sent <= 0) return null;
  const z = 1.959964;
  const p = lost / sent;
  const middle = (p + (z * z) / (2 * sent)) / (1 + (z * z) / sent);
  const half = (z / (1 + (z * z) / sent)) * Math.sqrt((p * (1 - p)) / sent + (z * z) / (4 * sent * sent));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

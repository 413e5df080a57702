// Counts, sizes and rates. Groups of digits are parted by a narrow space, which no language reads as a decimal sign.

import { significant } from './delay';

export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (Math.abs(value) < 999) return String(Math.round(value));
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

function scaled(value: number, step: number, units: string[]): string {
  let i = 0;
  let v = value;
  while (v >= step * 0.9995 && i < units.length - 1) {
    v /= step;
    i++;
  }
  return `${i === 0 ? Math.round(v) : significant(v)}\u00a0${units[i]}`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return scaled(value, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

export function rate(bps: number | null | undefined): string {
  if (bps === null || bps === undefined) return '–';
  if (bps === 0) return '∞';
  return scaled(bps, 1000, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s']);
}

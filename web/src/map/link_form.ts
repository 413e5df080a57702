// What an admin may set on a link: fields in the units people use, checked, and turned into the API's units. Pure.

import type { LinkSettings } from '../api/types';

export type FieldName = 'delay' | 'jitter' | 'loss' | 'rate' | 'queue' | 'mtu' | 'reorder' | 'duplicate';
export type Problem =
  { kind: 'number' } | { kind: 'whole' } | { kind: 'range'; low: number; high: number; unit: string };

interface Field {
  unit: string;
  low: number;
  high: number;
  api: keyof LinkSettings;
  /** What zero means, as the key of a sentence. */
  zero?: 'link.unlimited' | 'link.mtu_zero';
  whole?: boolean;
  /** Units of the form in one unit of the API. */
  to_api(value: number): number;
  from_api(value: number): number;
}

const percent = {
  unit: '%',
  low: 0,
  high: 100,
  to_api: (v: number) => Number((v / 100).toPrecision(12)),
  from_api: (v: number) => v * 100,
};
const same = { to_api: (v: number) => v, from_api: (v: number) => v };

export const FIELDS: Record<FieldName, Field> = {
  delay: {
    unit: 'ms',
    low: 0,
    high: 10_000,
    api: 'delay_us',
    to_api: (v) => Math.round(v * 1000),
    from_api: (v) => v / 1000,
  },
  jitter: {
    unit: 'ms',
    low: 0,
    high: 10_000,
    api: 'jitter_us',
    to_api: (v) => Math.round(v * 1000),
    from_api: (v) => v / 1000,
  },
  loss: { ...percent, api: 'loss_ratio' },
  rate: {
    unit: 'Mbit/s',
    low: 0,
    high: 1_000_000,
    api: 'rate_bps',
    zero: 'link.unlimited',
    to_api: (v) => Math.round(v * 1e6),
    from_api: (v) => v / 1e6,
  },
  queue: { ...same, unit: 'ms', low: 0, high: 10_000, api: 'queue_ms' },
  mtu: { ...same, unit: 'B', low: 0, high: 65_535, api: 'mtu', zero: 'link.mtu_zero', whole: true },
  reorder: { ...percent, api: 'reorder_ratio' },
  duplicate: { ...percent, api: 'duplicate_ratio' },
};

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];

export function shown(name: FieldName, settings: LinkSettings): string {
  const field = FIELDS[name];
  return String(Number(field.from_api(settings[field.api]).toPrecision(6)));
}

/** A decimal comma is understood. null when the text is no number. */
export function parse_number(text: string): number | null {
  const clean = text.trim().replace(',', '.');
  if (!/^-?\d*\.?\d+(e[+-]?\d+)?$|^-?\d+\.$/i.test(clean)) return null;
  const value = Number(clean);
  return Number.isFinite(value) ? value : null;
}

export function check(name: FieldName, text: string): Problem | null {
  const field = FIELDS[name];
  const value = parse_number(text);
  if (value === null) return { kind: 'number' };
  if (value < field.low || value > field.high)
    return { kind: 'range', low: field.low, high: field.high, unit: field.unit };
  if (field.whole && !Number.isInteger(value)) return { kind: 'whole' };
  return null;
}

/** Only what differs from what the form showed at first is sent. */
export function changed_settings(
  now: Record<FieldName, string>,
  before: Record<FieldName, string>,
): Partial<LinkSettings> {
  const out: Partial<LinkSettings> = {};
  for (const name of FIELD_NAMES) {
    const value = parse_number(now[name]);
    if (value !== null && value !== parse_number(before[name])) out[FIELDS[name].api] = FIELDS[name].to_api(value);
  }
  return out;
}

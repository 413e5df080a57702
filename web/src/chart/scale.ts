// Axis arithmetic: linear and logarithmic scales, ticks that fall on round values, time ticks on round local times.

import { DAY, HOUR, MINUTE, SECOND } from '../format/time';

export interface Scale {
  /** Value to pixel. */
  at(value: number): number;
  /** Pixel to value. */
  value(pixel: number): number;
  ticks: number[];
  low: number;
  high: number;
}

/** 1, 2 or 5 times a power of ten, at least `rough`. */
export function round_step(rough: number): number {
  const power = Math.pow(10, Math.floor(Math.log10(rough)));
  const f = rough / power;
  return (f <= 1.0000001 ? 1 : f <= 2 ? 2 : f <= 5 ? 5 : 10) * power;
}

export function linear_ticks(low: number, high: number, wanted: number): number[] {
  if (!(high > low)) return [low];
  const step = round_step((high - low) / Math.max(1, wanted));
  const out: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(k * step + 0); // never −0
  return out;
}

export function log_ticks(low: number, high: number, wanted: number): number[] {
  const decades = Math.log10(high / low);
  const factors = decades > wanted ? [1] : decades * 3 > wanted ? [1, 3] : [1, 2, 5];
  const out: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    for (const f of factors) {
      const v = f * Math.pow(10, e);
      if (v >= low * 0.999 && v <= high * 1.001) out.push(v);
    }
  }
  return out.length >= 2 ? out : linear_ticks(low, high, wanted);
}

export function linear(low: number, high: number, from_px: number, to_px: number, wanted = 5): Scale {
  const k = (to_px - from_px) / (high - low || 1);
  return {
    at: (v) => from_px + (v - low) * k,
    value: (px) => low + (px - from_px) / k,
    ticks: linear_ticks(low, high, wanted),
    low,
    high,
  };
}

export function logarithmic(low: number, high: number, from_px: number, to_px: number, wanted = 5): Scale {
  const a = Math.log(low);
  const k = (to_px - from_px) / (Math.log(high) - a || 1);
  return {
    at: (v) => from_px + (Math.log(Math.max(v, low / 10)) - a) * k,
    value: (px) => Math.exp(a + (px - from_px) / k),
    ticks: log_ticks(low, high, wanted),
    low,
    high,
  };
}

const TIME_STEPS = [
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  91 * DAY,
];

export function time_step(span_ms: number, wanted: number): number {
  return TIME_STEPS.find((s) => span_ms / s <= wanted) ?? 365 * DAY;
}

/** Ticks on round local times; `offset_min` is the zone's, as Date.getTimezoneOffset gives it. */
export function time_ticks(
  from: number,
  to: number,
  wanted: number,
  offset_min = new Date(from).getTimezoneOffset(),
): number[] {
  const step = time_step(to - from, wanted);
  const shift = offset_min * MINUTE;
  const out: number[] = [];
  for (let t = Math.ceil((from - shift) / step) * step + shift; t <= to; t += step) out.push(t);
  return out;
}

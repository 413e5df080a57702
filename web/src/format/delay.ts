// Delays: nanoseconds in, a figure and its unit out. Milliseconds from 1 ms on, microseconds below (ux.md).

export interface Quantity {
  figure: string;
  unit: string;
}

export const NOT_KNOWN: Quantity = { figure: '–', unit: '' };

const MINUS = '−';

/** `digits` significant digits without exponent and without losing integer digits: 12.34 → "12.3", 1234 → "1234". */
export function significant(value: number, digits = 3): string {
  if (value === 0) return '0';
  const size = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  const text = Math.abs(value).toFixed(Math.max(0, digits - 1 - size));
  return value < 0 ? MINUS + text : text;
}

/** A one-way delay may be negative: a clock fault, shown as what it is. */
export function delay(ns: number | null | undefined, digits = 3): Quantity {
  if (ns === null || ns === undefined || !Number.isFinite(ns)) return NOT_KNOWN;
  const size = Math.abs(ns);
  if (size >= 9.995e9) return { figure: significant(ns / 1e9, digits), unit: 's' };
  if (size >= 999_500) return { figure: significant(ns / 1e6, digits), unit: 'ms' };
  if (size >= 999.5) return { figure: significant(ns / 1e3, digits), unit: 'µs' };
  return { figure: ns < 0 ? MINUS + Math.round(size) : String(Math.round(size)), unit: ns === 0 ? 'ms' : 'ns' };
}

export function text(quantity: Quantity): string {
  return quantity.unit ? `${quantity.figure}\u00a0${quantity.unit}` : quantity.figure;
}

export function delay_text(ns: number | null | undefined, digits = 3): string {
  return text(delay(ns, digits));
}

/** With an explicit sign, for differences. */
export function difference_text(ns: number | null | undefined): string {
  const shown = delay_text(ns);
  return ns !== null && ns !== undefined && ns > 0 ? '+' + shown : shown;
}

/** The digits that an error bound supports, between 3 and 6: never a digit below the error. */
export function digits_for(ns: number | null, error_ns: number | null): number {
  if (ns === null || error_ns === null || ns === 0 || error_ns <= 0) return 3;
  return Math.min(6, Math.max(3, Math.floor(Math.log10(Math.abs(ns) / error_ns)) + 1));
}

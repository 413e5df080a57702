import { describe, expect, it } from 'vitest';
import { bytes, count, rate } from './count';
import { delay, delay_text, difference_text, digits_for, significant } from './delay';
import { loss, loss_interval, loss_text } from './ratio';
import { in_reader_zone, iso, span, zone } from './time';

describe('significant', () => {
  it.each([
    [12.34, '12.3'],
    [1234, '1234'],
    [0.01234, '0.0123'],
    [9.996, '10.0'],
    [99.96, '100'],
    [0, '0'],
    [-5.678, '−5.68'],
  ])('%f → %s', (value, text) => expect(significant(value)).toBe(text));
});

describe('delay', () => {
  it('is in milliseconds from 1 ms on and in microseconds below', () => {
    expect(delay(1_000_000)).toEqual({ figure: '1.00', unit: 'ms' });
    expect(delay(999_499)).toEqual({ figure: '999', unit: 'µs' });
    expect(delay(12_344_000)).toEqual({ figure: '12.3', unit: 'ms' });
    expect(delay(432)).toEqual({ figure: '432', unit: 'ns' });
    expect(delay(12e9)).toEqual({ figure: '12.0', unit: 's' });
  });
  it('never rounds up to a wrong unit', () => expect(delay(999_999)).toEqual({ figure: '1.00', unit: 'ms' }));
  it('tells unknown from zero', () => {
    expect(delay_text(null)).toBe('–');
    expect(delay_text(undefined)).toBe('–');
    expect(delay_text(0)).toBe('0\u00a0ms');
  });
  it('shows a negative one-way delay as what it is', () => expect(delay_text(-56_700)).toBe('−56.7\u00a0µs'));
  it('gives differences a sign', () => {
    expect(difference_text(39_000)).toBe('+39.0\u00a0µs');
    expect(difference_text(-39_000)).toBe('−39.0\u00a0µs');
  });
});

describe('digits_for', () => {
  it('never shows a digit below the error', () => {
    expect(digits_for(12_344_000, 1300)).toBe(4);
    expect(digits_for(12_344_000, 13)).toBe(6);
    expect(digits_for(100_000, 90_000)).toBe(3);
    expect(digits_for(null, 10)).toBe(3);
  });
});

describe('loss', () => {
  it('is in per cent down to 0.01, then in ppm', () => {
    expect(loss(0.0123)).toEqual({ figure: '1.2', unit: '%' });
    expect(loss(0.0001)).toEqual({ figure: '0.010', unit: '%' });
    expect(loss(0.00005)).toEqual({ figure: '50', unit: 'ppm' });
    expect(loss(0)).toEqual({ figure: '0', unit: '%' });
    expect(loss(1)).toEqual({ figure: '100', unit: '%' });
    expect(loss_text(null)).toBe('–');
  });
  it('has a Wilson interval', () => {
    // The two roots of |1/600 − p| = z·√(p(1−p)/600), found by bisection.
    const [low, high] = loss_interval(1, 600)!;
    expect(low).toBeCloseTo(0.00029427, 7);
    expect(high).toBeCloseTo(0.00937956, 7);
    expect(loss_interval(0, 100)![0]).toBe(0);
    expect(loss_interval(0, 0)).toBeNull();
  });
});

describe('counts', () => {
  it('groups digits', () => expect(count(4183220)).toBe('4\u202f183\u202f220'));
  it('scales bytes and rates', () => {
    expect(bytes(812_400_000)).toBe('812\u00a0MB');
    expect(bytes(0)).toBe('0\u00a0B');
    expect(bytes(999_999)).toBe('1.00\u00a0MB');
    expect(rate(100e6)).toBe('100\u00a0Mbit/s');
    expect(rate(0)).toBe('∞');
  });
});

describe('time', () => {
  it('copies as ISO 8601 with an offset', () => {
    const text = iso(1_700_000_000_000);
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/);
    expect(Date.parse(text)).toBe(1_700_000_000_000);
  });
  it('names the zone', () => expect(zone()).toMatch(/^UTC/));
  it.each([
    [8000, '8\u00a0s'],
    [90_000, '1\u00a0min 30\u00a0s'],
    [3_600_000, '1\u00a0h'],
    [90 * 60_000, '1\u00a0h 30\u00a0min'],
    [93_600_000, '1\u00a0d 2\u00a0h'],
  ])('%d ms is %s', (ms, text) => expect(span(ms)).toBe(text));
});

describe('times inside sentences', () => {
  const utc = Date.UTC(2026, 0, 1);
  const ours = (h: number, m: number, s = '') => {
    const d = new Date(utc + (h * 60 + m) * 60_000);
    const two = (n: number) => String(n).padStart(2, '0');
    return `${two(d.getHours())}:${two(d.getMinutes())}${s} ${zone(utc)}`;
  };
  it('become the reader’s, whatever the server’s zone', () => {
    expect(in_reader_zone('lost since 08:22:10 UTC: all', utc)).toBe(`lost since ${ours(8, 22, ':10')}: all`);
    expect(in_reader_zone('自 01:05 UTC+8 起', utc)).toBe(`自 ${ours(17, 5)} 起`);
    expect(in_reader_zone('at 23:00 UTC-5:30.', utc)).toBe(`at ${ours(4, 30)}.`);
  });
  it('are left alone without a zone', () => expect(in_reader_zone('took 10:32:10', utc)).toBe('took 10:32:10'));
});

// Times in the reader's zone, which is always named; ISO 8601 with its offset for what is copied.

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const two = (n: number): string => String(n).padStart(2, '0');

export function clock(unix_ms: number, seconds = true): string {
  const d = new Date(unix_ms);
  const hm = `${two(d.getHours())}:${two(d.getMinutes())}`;
  return seconds ? `${hm}:${two(d.getSeconds())}` : hm;
}

export function day(unix_ms: number): string {
  const d = new Date(unix_ms);
  return `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

export function same_day(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** The time today, with the day in front otherwise. */
export function moment(unix_ms: number, now: number = Date.now(), seconds = true): string {
  return same_day(unix_ms, now) ? clock(unix_ms, seconds) : `${day(unix_ms)} ${clock(unix_ms, seconds)}`;
}

/** "UTC+8", "UTC+5:30". */
export function zone(unix_ms: number = Date.now()): string {
  const minutes = -new Date(unix_ms).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  const rest = size % 60;
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest ? ':' + two(rest) : ''}`;
}

export function iso(unix_ms: number): string {
  const d = new Date(unix_ms);
  const minutes = -d.getTimezoneOffset();
  const size = Math.abs(minutes);
  const local = new Date(unix_ms + minutes * MINUTE).toISOString().slice(0, 19);
  return minutes === 0
    ? `${local}Z`
    : `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The two largest units: "3 d 4 h", "12 min", "8 s". */
export function span(ms: number): string {
  const s = Math.max(0, Math.round(ms / SECOND));
  if (s < 60) return `${s}\u00a0s`;
  const m = Math.floor(s / 60);
  if (m < 60) return m < 10 && s % 60 ? `${m}\u00a0min ${s % 60}\u00a0s` : `${m}\u00a0min`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 ? `${h}\u00a0h ${m % 60}\u00a0min` : `${h}\u00a0h`;
  const d = Math.floor(h / 24);
  return h % 24 && d < 10 ? `${d}\u00a0d ${h % 24}\u00a0h` : `${d}\u00a0d`;
}

const TIME_WITH_ZONE = /\b(\d\d):(\d\d)((?::\d\d)?) UTC(?:([+-])(\d{1,2})(?::(\d\d))?)?(?![\w+-])/g;

/** The server writes times of day in its own zone into its sentences; here they become the reader's, zone included. */
export function in_reader_zone(sentence: string, near_unix_ms: number = Date.now()): string {
  const ours = -new Date(near_unix_ms).getTimezoneOffset();
  return sentence.replace(TIME_WITH_ZONE, (_, h, m, s, sign = '+', zone_h = '0', zone_m = '0') => {
    const theirs = (sign === '-' ? -1 : 1) * (Number(zone_h) * 60 + Number(zone_m));
    const at = (((Number(h) * 60 + Number(m) - theirs + ours) % 1440) + 1440) % 1440;
    return `${two(Math.floor(at / 60))}:${two(at % 60)}${s} ${zone(near_unix_ms)}`;
  });
}

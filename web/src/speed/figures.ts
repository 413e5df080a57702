// From bytes and times to figures, and from figures to what they are enough for. Pure.

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Point {
  at: number; // ms
  bytes: number;
}

/** Mbit/s over the last second, or what there is of it. */
export function recent_mbps(points: readonly Point[]): number {
  const last = points.at(-1);
  if (!last) return 0;
  const first = points.findLast((point) => last.at - point.at >= 1000) ?? { at: 0, bytes: 0 };
  return last.at > first.at ? ((last.bytes - first.bytes) * 8) / (last.at - first.at) / 1000 : 0;
}

export function mean_mbps(last: Point | undefined): number {
  return last && last.at > 0 ? (last.bytes * 8) / last.at / 1000 : 0;
}

/** "941", "94.1", "9.41": three figures are what one test is worth. */
export function rate_text(mbps: number): string {
  if (mbps >= 100) return Math.round(mbps).toLocaleString('en');
  return mbps >= 10 ? mbps.toFixed(1) : mbps.toFixed(2);
}

/** Part of a gauge whose marks are 1, 10, 100, 1000 and 10,000 Mbit/s. */
export function gauge_part(mbps: number): number {
  return Math.min(1, Math.max(0, Math.log10(Math.max(mbps, 1)) / 4));
}

export interface Figures {
  down: number; // Mbit/s
  up: number;
  idle: number | null; // ms
  loaded: number | null;
}

// What an HD video call takes each way, and one 4K film; more than the services ask for today (3 to 4, 15 to 25 Mbit/s).
export const CALL_MBPS = 4;
export const FILM_MBPS = 25;
// A round trip beyond which people on a call talk into each other (ITU-T G.114: 150 ms one way).
export const TALK_MS = 300;

export function calls_at_once(figures: Figures): number {
  return Math.floor(Math.min(figures.down, figures.up) / CALL_MBPS);
}
export function films_at_once(figures: Figures): number {
  return Math.floor(figures.down / FILM_MBPS);
}
/** How much longer answers take while the line is full; nothing when it was not measured. */
export function added_delay(figures: Figures): number | null {
  if (figures.idle === null || figures.loaded === null) return null;
  return Math.max(0, figures.loaded - figures.idle);
}

// Paints delay as smoke: p5–p95 and p25–p75 as bands, p50 as a line, the maximum as dots. Every window is drawn as wide as
// it lasted, so that nothing is shown between two windows that was not measured.

import type { SeriesPoint } from '../api/types';
import { delay_text } from '../format/delay';
import { gaps, type Band } from './bands';
import { draw_time_axis, draw_value_axis, type Frame } from './frame';
import { linear, logarithmic, type Scale } from './scale';

/** Another p50 over the same time: dashed, in its own colour. */
export interface Overlay {
  bands: readonly Band[];
  colour: string;
  dash: readonly [number, number];
}

export interface SmokeOptions {
  bands: readonly Band[];
  overlays: readonly Overlay[];
  points: readonly SeriesPoint[];
  range: { low: number; high: number } | null;
  log: boolean;
  with_max: boolean;
  axis: boolean;
  smoke: string;
  line: string;
  now: number;
  /** Unix ms before which nothing was ever stored. */
  stored_from: number;
}

function columns(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  bands: readonly Band[],
  y: Scale,
  low: 'p5' | 'p25',
  high: 'p75' | 'p95',
): void {
  for (const b of bands) {
    const x0 = Math.max(frame.left, frame.time.at(b.start));
    const x1 = Math.min(frame.right, frame.time.at(b.end));
    if (x1 <= x0) continue;
    const top = y.at(b[high]);
    // At least one pixel high: a band without spread is still a measurement.
    ctx.rect(x0, top, x1 - x0 + 0.35, Math.max(1, y.at(b[low]) - top));
  }
}

function line(ctx: CanvasRenderingContext2D, frame: Frame, bands: readonly Band[], y: Scale): void {
  let last_end = -1;
  ctx.beginPath();
  for (const b of bands) {
    const x0 = Math.max(frame.left, frame.time.at(b.start));
    const x1 = Math.min(frame.right, frame.time.at(b.end));
    if (x1 <= x0) continue;
    const level = y.at(b.p50);
    if (b.start - last_end > (b.end - b.start) * 0.6) ctx.moveTo(x0, level);
    else ctx.lineTo(x0, level);
    ctx.lineTo(x1, level);
    last_end = b.end;
  }
  ctx.stroke();
}

function dots(ctx: CanvasRenderingContext2D, frame: Frame, bands: readonly Band[], y: Scale): void {
  const r = frame.width < 560 ? 0.9 : 1.2;
  for (const b of bands) {
    const x = (frame.time.at(b.start) + frame.time.at(b.end)) / 2;
    if (x < frame.left || x > frame.right) continue;
    const level = y.at(b.max);
    ctx.beginPath();
    if (level < frame.top + 1) {
      // Beyond the axis: a small arrow at the edge rather than a dot that lies.
      ctx.moveTo(x - 2.5, frame.top + 4);
      ctx.lineTo(x + 2.5, frame.top + 4);
      ctx.lineTo(x, frame.top);
    } else ctx.arc(x, level, r, 0, 7);
    ctx.fill();
  }
}

function no_answer(ctx: CanvasRenderingContext2D, frame: Frame, points: readonly SeriesPoint[]): void {
  ctx.fillStyle = frame.ink['broken-soft'];
  for (const p of points) {
    if (p.sent === 0 || p.received > 0) continue;
    const x0 = Math.max(frame.left, frame.time.at(p.start));
    const x1 = Math.min(frame.right, frame.time.at(p.start + p.duration_ms));
    if (x1 > x0) ctx.fillRect(x0, frame.top, x1 - x0 + 0.35, frame.bottom - frame.top);
  }
}

/** Where nothing was stored: slanted hair lines, unlike zero and unlike good. */
export function draw_gaps(ctx: CanvasRenderingContext2D, frame: Frame, spans: readonly [number, number][]): void {
  ctx.save();
  ctx.strokeStyle = frame.ink['line-2'];
  ctx.lineWidth = 0.7;
  for (const [a, b] of spans) {
    const x0 = Math.max(frame.left, frame.time.at(a));
    const x1 = Math.min(frame.right, frame.time.at(b));
    const tall = frame.bottom - frame.top;
    ctx.save();
    ctx.beginPath();
    ctx.rect(x0, frame.top, x1 - x0, tall);
    ctx.clip();
    ctx.beginPath();
    for (let x = x0 - tall - ((x0 - tall) % 7); x < x1; x += 7) {
      ctx.moveTo(x, frame.bottom);
      ctx.lineTo(x + tall, frame.top);
    }
    ctx.stroke();
    ctx.restore();
  }
  ctx.restore();
}

export function smoke_scale(frame: Frame, options: SmokeOptions): Scale {
  const { low, high } = options.range ?? { low: 0, high: 1e7 };
  const wanted = Math.max(2, Math.floor((frame.bottom - frame.top) / 30));
  const make = options.log ? logarithmic : linear;
  return make(low, high, frame.bottom, frame.top, wanted);
}

export function draw_smoke(ctx: CanvasRenderingContext2D, frame: Frame, options: SmokeOptions): void {
  const { ink } = frame;
  const y = smoke_scale(frame, options);
  const step = options.points[0]?.duration_ms ?? 10_000;
  no_answer(ctx, frame, options.points);
  draw_gaps(
    ctx,
    frame,
    gaps(
      options.points,
      Math.max(frame.time.low, options.stored_from),
      Math.min(frame.time.high, options.now - 3 * step),
      step * 2.5,
    ),
  );
  draw_time_axis(ctx, frame, options.axis);
  draw_value_axis(ctx, frame, y, (v) =>
    v === 0
      ? '0'
      : delay_text(v, 4)
          .replace(/(\.\d*?)0+(?=\D)/, '$1')
          .replace(/\.(?=\D)/, ''),
  );

  ctx.save();
  ctx.beginPath();
  ctx.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  ctx.clip();
  ctx.fillStyle = options.smoke;
  const strength = ink.dark ? 1.45 : 1;
  for (const [low, high, alpha] of [
    ['p5', 'p95', 0.2 * strength],
    ['p25', 'p75', 0.38 * strength],
  ] as const) {
    ctx.globalAlpha = alpha;
    ctx.beginPath();
    columns(ctx, frame, options.bands, y, low, high);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
  if (options.with_max) {
    ctx.fillStyle = ink['ink-3'];
    dots(ctx, frame, options.bands, y);
  }
  ctx.lineJoin = 'round';
  ctx.lineWidth = 1.3;
  for (const overlay of options.overlays) {
    ctx.strokeStyle = overlay.colour;
    ctx.setLineDash([...overlay.dash]);
    line(ctx, frame, overlay.bands, y);
  }
  ctx.setLineDash([]);
  ctx.strokeStyle = options.line;
  ctx.lineWidth = 1.4;
  line(ctx, frame, options.bands, y);
  if (!options.log && y.low < 0) zero_line(ctx, frame, y);
  ctx.restore();
}

function zero_line(ctx: CanvasRenderingContext2D, frame: Frame, y: Scale): void {
  ctx.strokeStyle = frame.ink.broken;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(frame.left, Math.round(y.at(0)) + 0.5);
  ctx.lineTo(frame.right, Math.round(y.at(0)) + 0.5);
  ctx.stroke();
}

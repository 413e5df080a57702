// Where a time chart draws: the plot's edges in CSS pixels, its time scale and its colours. Shared by all chart painters.

import { clock, day, DAY, MINUTE } from '../format/time';
import type { Ink } from './ink';
import { linear, time_step, time_ticks, type Scale } from './scale';

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
  time: Scale;
  ink: Ink;
}

export const GUTTER_LEFT = 58;
export const GUTTER_RIGHT = 10;

export function make_frame(width: number, height: number, from: number, to: number, axis: boolean, ink: Ink): Frame {
  const left = GUTTER_LEFT;
  const right = Math.max(left + 10, width - GUTTER_RIGHT);
  return {
    width,
    height,
    left,
    right,
    top: 6,
    bottom: height - (axis ? 20 : 3),
    time: linear(from, to, left, right),
    ink,
  };
}

export function time_label(t: number, step_ms: number): string {
  if (step_ms >= DAY) return day(t);
  const d = new Date(t);
  if (d.getHours() === 0 && d.getMinutes() === 0 && d.getSeconds() === 0) return day(t);
  return clock(t, step_ms < MINUTE);
}

/** Vertical hair lines on round times; labels beneath when `axis`. */
export function draw_time_axis(ctx: CanvasRenderingContext2D, frame: Frame, axis: boolean): void {
  const { time, ink } = frame;
  const wanted = Math.max(2, Math.floor((frame.right - frame.left) / 90));
  const step = time_step(time.high - time.low, wanted);
  ctx.font = `11px ${ink.font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'top';
  ctx.lineWidth = 1;
  ctx.strokeStyle = ink.line;
  ctx.fillStyle = ink['ink-3'];
  for (const t of time_ticks(time.low, time.high, wanted)) {
    const x = Math.round(time.at(t)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(x, frame.top);
    ctx.lineTo(x, frame.bottom);
    ctx.stroke();
    if (axis && x > frame.left + 14 && x < frame.right - 12) ctx.fillText(time_label(t, step), x, frame.bottom + 5);
  }
}

/** Horizontal hair lines and their labels at the left. */
export function draw_value_axis(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  scale: Scale,
  label: (v: number) => string,
): void {
  const { ink } = frame;
  ctx.font = `11px ${ink.font}`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  ctx.lineWidth = 1;
  let last = Infinity;
  for (const v of scale.ticks) {
    const y = Math.round(scale.at(v)) + 0.5;
    if (y < frame.top - 1 || y > frame.bottom + 1 || Math.abs(last - y) < 15) continue;
    last = y;
    ctx.strokeStyle = v === 0 ? ink['line-2'] : ink.line;
    ctx.beginPath();
    ctx.moveTo(frame.left, y);
    ctx.lineTo(frame.right, y);
    ctx.stroke();
    ctx.fillStyle = ink['ink-3'];
    ctx.fillText(label(v), frame.left - 7, Math.min(frame.bottom - 5, Math.max(frame.top + 5, y)));
  }
}

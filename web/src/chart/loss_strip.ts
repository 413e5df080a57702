// Paints loss as strips under the smoke, one per direction: colour and height by the share lost (logarithmic), a hair line
// where nothing was lost, nothing where nothing was sent.

import type { SeriesPoint } from '../api/types';
import { css, loss_position, loss_rgb } from './colour';
import { draw_time_axis, type Frame } from './frame';

export interface LossRow {
  name: string;
  ratio(point: SeriesPoint): number | null;
}

export const ROW_HEIGHT = 22;

export const TOTAL = (p: SeriesPoint): number | null => (p.sent > 0 ? p.lost / p.sent : null);
export const FORWARD = (p: SeriesPoint): number | null =>
  p.sent > 0 && p.lost_forward !== null ? p.lost_forward / p.sent : null;
export const BACKWARD = (p: SeriesPoint): number | null =>
  p.sent > 0 && p.lost_backward !== null ? p.lost_backward / p.sent : null;

export function knows_direction(points: readonly SeriesPoint[]): boolean {
  return points.some((p) => p.lost_forward !== null || p.lost_backward !== null);
}

export function draw_loss(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  points: readonly SeriesPoint[],
  rows: readonly LossRow[],
  axis: boolean,
): void {
  const { ink, time } = frame;
  draw_time_axis(ctx, frame, axis);
  rows.forEach((row, i) => {
    const base = frame.top + (i + 1) * ROW_HEIGHT - 3;
    const tall = ROW_HEIGHT - 6;
    ctx.font = `11px ${ink.font}`;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'middle';
    ctx.fillStyle = ink['ink-3'];
    ctx.fillText(row.name, frame.left - 7, base - tall / 2 + 1);
    for (const p of points) {
      const ratio = row.ratio(p);
      if (ratio === null) continue;
      const x0 = Math.max(frame.left, time.at(p.start));
      const x1 = Math.min(frame.right, time.at(p.start + p.duration_ms));
      if (x1 <= x0) continue;
      const at = loss_position(ratio);
      ctx.fillStyle = ratio === 0 ? ink['line-2'] : css(loss_rgb(Math.max(0.3, at), ink.dark));
      const h = ratio === 0 ? 1 : Math.max(3, at * tall);
      ctx.fillRect(x0, base - h, Math.max(1, x1 - x0 + 0.35), h);
    }
  });
}

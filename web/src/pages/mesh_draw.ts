// Paints the matrix on a canvas, in whichever thread. Split: only the cells under the diagonal, each cut in two, the site's name at the end of
// its row, where its column begins. Full: rows are sources, columns targets.

import { css, delay_rgb, ink_on, loss_rgb } from '../chart/colour';
import type { Ink } from '../chart/ink';
import type { MeshFigure, PathState } from '../api/types';
import type { Spot } from './mesh_model';

/** What a cell shows. */
export interface Face {
  state: PathState;
  /** Where its value lies on the colour scale. */
  at: number | null;
  /** What is written on it, in the full layout. */
  text: string;
}

/** By row times the number of sites plus column. */
export type Faces = (Face | undefined)[];

/** Everything that is drawn but the cells. */
export interface MeshFrame {
  figure: MeshFigure;
  split: boolean;
  cell: number;
  left: number;
  top: number;
  /** Of the sites, in order. */
  names: string[];
  spot: Spot | null;
  ink: Ink;
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

const GAP = 1;

function fill_of({ at, state }: Face, frame: MeshFrame): Shade | null {
  if (at === null || state === 'stale' || state === 'unknown') return null;
  return shade(frame.figure === 'loss_ratio' ? (frame.ink.dark ? 'loss-dark' : 'loss') : 'delay', at);
}

/** Finer than an eye can tell apart (mesh_painter.ts), and few enough to be made once each. */
const SHADES = 512;
const shades = { delay: [] as Shade[], loss: [] as Shade[], 'loss-dark': [] as Shade[] };
interface Shade {
  fill: string;
  /** What is written on it. */
  ink: string;
}

function shade(scale: keyof typeof shades, at: number): Shade {
  const i = Math.round(at * SHADES);
  return (shades[scale][i] ??= made_shade(scale, i / SHADES));
}

function made_shade(scale: keyof typeof shades, at: number): Shade {
  const rgb = scale === 'delay' ? delay_rgb(at) : loss_rgb(at, scale === 'loss-dark');
  return { fill: css(rgb), ink: ink_on(rgb) };
}

function cross(ctx: Context, x: number, y: number, r: number, colour: string): void {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.8;
  ctx.beginPath();
  ctx.moveTo(x - r, y - r);
  ctx.lineTo(x + r, y + r);
  ctx.moveTo(x + r, y - r);
  ctx.lineTo(x - r, y + r);
  ctx.stroke();
}

/** The sign of a cell without a trustworthy value: cross, ring or diamond; the same shapes as everywhere. */
function sign(ctx: Context, cell: Face | undefined, x: number, y: number, r: number, ink: Ink): void {
  if (!cell) {
    ctx.fillStyle = ink['line-2'];
    ctx.fillRect(x - 0.75, y - 0.75, 1.5, 1.5);
    return;
  }
  if (cell.state === 'broken') return cross(ctx, x, y, r, ink.broken);
  ctx.strokeStyle = ink['ink-3'];
  ctx.lineWidth = 1.2;
  ctx.beginPath();
  if (cell.state === 'sick') {
    ctx.moveTo(x, y - r);
    ctx.lineTo(x + r, y);
    ctx.lineTo(x, y + r);
    ctx.lineTo(x - r, y);
    ctx.closePath();
  } else ctx.arc(x, y, r * 0.8, 0, 7);
  ctx.stroke();
}

function trace(ctx: Context, x: number, y: number, s: number, half: 'all' | 'upper' | 'lower'): void {
  ctx.beginPath();
  if (half === 'all') ctx.rect(x, y, s, s);
  else if (half === 'upper') {
    ctx.moveTo(x, y);
    ctx.lineTo(x + s - 0.4, y);
    ctx.lineTo(x, y + s - 0.4);
    ctx.closePath();
  } else {
    ctx.moveTo(x + s, y + 0.4);
    ctx.lineTo(x + s, y + s);
    ctx.lineTo(x + 0.4, y + s);
    ctx.closePath();
  }
}

function draw_cell(
  ctx: Context,
  frame: MeshFrame,
  cell: Face | undefined,
  x: number,
  y: number,
  half: 'all' | 'upper' | 'lower',
): void {
  const s = frame.cell - GAP;
  const paint = cell ? fill_of(cell, frame) : null;
  const broken = cell?.state === 'broken';
  const pale = cell?.state === 'sick';
  trace(ctx, x, y, s, half);
  if (!paint || broken || pale) {
    ctx.fillStyle = broken ? frame.ink['broken-soft'] : frame.ink.sunken;
    ctx.fill();
  }
  if (paint && !broken) {
    // A sick probe's figure is shown, but pale: it is not to be trusted.
    if (pale) ctx.globalAlpha = 0.3;
    ctx.fillStyle = paint.fill;
    ctx.fill();
    if (pale) ctx.globalAlpha = 1;
  }
  const third = half === 'upper' ? 0.3 : half === 'lower' ? 0.7 : 0.5;
  const cx = x + s * third;
  const cy = y + s * third;
  if (!paint || broken || pale) {
    sign(ctx, cell, cx, cy, Math.min(5, s * (half === 'all' ? 0.2 : 0.13)), frame.ink);
    return;
  }
  if (cell!.state === 'degraded' && half !== 'lower') corner(ctx, x, y, s, frame.ink);
  if (cell!.state === 'degraded' && half === 'lower') corner(ctx, x + s, y + s, -s, frame.ink);
  if (half === 'all' && frame.cell >= 25) {
    ctx.fillStyle = paint.ink;
    ctx.font = `${frame.cell >= 32 ? 11 : 9.5}px ${frame.ink.font}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(cell!.text, cx, cy + 0.5);
  }
}

/** Degraded: a warning corner, so that the colour scale keeps meaning the figure. */
function corner(ctx: Context, x: number, y: number, s: number, ink: Ink): void {
  const c = s * 0.28;
  ctx.fillStyle = ink.degraded;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + c, y);
  ctx.lineTo(x, y + c);
  ctx.closePath();
  ctx.fill();
}

function draw_names(ctx: Context, frame: MeshFrame): void {
  const { cell, left, top, ink, spot } = frame;
  ctx.textBaseline = 'middle';
  frame.names.forEach((name, i) => {
    const on = spot !== null && (spot.row === i || spot.column === i);
    ctx.font = `${on ? '600 ' : ''}12px ${ink.font}`;
    ctx.fillStyle = on ? ink.ink : ink['ink-2'];
    if (frame.split) {
      ctx.textAlign = 'left';
      ctx.fillText(name, left + i * cell + 7, top + i * cell + cell / 2);
      return;
    }
    ctx.textAlign = 'right';
    ctx.fillText(name, left - 8, top + i * cell + cell / 2);
    ctx.save();
    ctx.translate(left + i * cell + cell / 2, top - 7);
    ctx.rotate(-Math.PI / 3.2);
    ctx.textAlign = 'left';
    ctx.fillText(name, 0, 0);
    ctx.restore();
  });
}

function draw_guides(ctx: Context, frame: MeshFrame): void {
  const { spot, cell, left, top } = frame;
  if (!spot) return;
  const n = frame.names.length;
  ctx.fillStyle = frame.ink.line;
  const width = frame.split ? spot.row * cell : n * cell;
  ctx.fillRect(left, top + spot.row * cell - 1, width, cell + 1);
  const from = frame.split ? (spot.column + 1) * cell : 0;
  ctx.fillRect(left + spot.column * cell - 1, top + from, cell + 1, n * cell - from);
}

function draw_one(ctx: Context, frame: MeshFrame, faces: Faces, row: number, column: number): void {
  const { cell, left, top, split } = frame;
  const n = frame.names.length;
  const x = left + column * cell;
  const y = top + row * cell;
  draw_cell(ctx, frame, faces[row * n + column], x, y, split ? 'upper' : 'all');
  if (split) draw_cell(ctx, frame, faces[column * n + row], x, y, 'lower');
}

/** One cell again, both halves of it in the split layout. */
export function draw_pair(ctx: Context, frame: MeshFrame, faces: Faces, row: number, column: number): void {
  const s = frame.cell - GAP;
  ctx.clearRect(frame.left + column * frame.cell, frame.top + row * frame.cell, s, s);
  draw_one(ctx, frame, faces, row, column);
}

export function draw_mesh(ctx: Context, frame: MeshFrame, faces: Faces): void {
  const { cell, left, top, split, spot } = frame;
  const n = frame.names.length;
  draw_guides(ctx, frame);
  for (let row = 0; row < n; row++) {
    const end = split ? row : n;
    for (let column = 0; column < end; column++) {
      if (row !== column) draw_one(ctx, frame, faces, row, column);
    }
  }
  draw_names(ctx, frame);
  if (spot && spot.row !== spot.column && Math.max(spot.row, spot.column) < n) {
    trace(
      ctx,
      left + spot.column * cell,
      top + spot.row * cell,
      cell - GAP,
      split ? (spot.back ? 'lower' : 'upper') : 'all',
    );
    ctx.strokeStyle = frame.ink.ink;
    ctx.lineWidth = 2;
    ctx.stroke();
  }
}

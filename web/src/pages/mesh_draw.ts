// Paints the matrix on a canvas. Split: only the cells under the diagonal, each cut in two, the site's name at the end of
// its row, where its column begins. Full: rows are sources, columns targets.

import { css, delay_rgb, ink_on, loss_rgb } from '../chart/colour';
import type { Ink } from '../chart/ink';
import type { MeshCell, MeshFigure } from '../api/types';
import { ends_of, position, type Matrix, type Spot } from './mesh_model';

export interface MeshLook {
  matrix: Matrix;
  figure: MeshFigure;
  split: boolean;
  cell: number;
  left: number;
  top: number;
  names: string[];
  spot: Spot | null;
  ink: Ink;
  text(cell: MeshCell): string;
}

const GAP = 1;

function fill_of(cell: MeshCell, look: MeshLook): { fill: string; ink: string } | null {
  const at = position(cell, look.figure, look.matrix);
  if (at === null || cell.state === 'stale' || cell.state === 'unknown') return null;
  const rgb = look.figure === 'loss_ratio' ? loss_rgb(at, look.ink.dark) : delay_rgb(at);
  return { fill: css(rgb), ink: ink_on(rgb) };
}

function cross(ctx: CanvasRenderingContext2D, x: number, y: number, r: number, colour: string): void {
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
function sign(
  ctx: CanvasRenderingContext2D,
  cell: MeshCell | undefined,
  x: number,
  y: number,
  r: number,
  ink: Ink,
): void {
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

function trace(ctx: CanvasRenderingContext2D, x: number, y: number, s: number, half: 'all' | 'upper' | 'lower'): void {
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
  ctx: CanvasRenderingContext2D,
  look: MeshLook,
  cell: MeshCell | undefined,
  x: number,
  y: number,
  half: 'all' | 'upper' | 'lower',
): void {
  const s = look.cell - GAP;
  const paint = cell ? fill_of(cell, look) : null;
  const broken = cell?.state === 'broken';
  trace(ctx, x, y, s, half);
  ctx.fillStyle = broken ? look.ink['broken-soft'] : look.ink.sunken;
  ctx.fill();
  if (paint && !broken) {
    // A sick probe's figure is shown, but pale: it is not to be trusted.
    ctx.globalAlpha = cell!.state === 'sick' ? 0.3 : 1;
    ctx.fillStyle = paint.fill;
    ctx.fill();
    ctx.globalAlpha = 1;
  }
  const third = half === 'upper' ? 0.3 : half === 'lower' ? 0.7 : 0.5;
  const cx = x + s * third;
  const cy = y + s * third;
  if (!paint || broken || cell!.state === 'sick') {
    sign(ctx, cell, cx, cy, Math.min(5, s * (half === 'all' ? 0.2 : 0.13)), look.ink);
    return;
  }
  if (cell!.state === 'degraded' && half !== 'lower') corner(ctx, x, y, s, look.ink);
  if (cell!.state === 'degraded' && half === 'lower') corner(ctx, x + s, y + s, -s, look.ink);
  if (half === 'all' && look.cell >= 25) {
    ctx.fillStyle = paint.ink;
    ctx.font = `${look.cell >= 32 ? 11 : 9.5}px ${look.ink.font}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(look.text(cell!), cx, cy + 0.5);
  }
}

/** Degraded: a warning corner, so that the colour scale keeps meaning the figure. */
function corner(ctx: CanvasRenderingContext2D, x: number, y: number, s: number, ink: Ink): void {
  const c = s * 0.28;
  ctx.fillStyle = ink.degraded;
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(x + c, y);
  ctx.lineTo(x, y + c);
  ctx.closePath();
  ctx.fill();
}

function draw_names(ctx: CanvasRenderingContext2D, look: MeshLook): void {
  const { cell, left, top, ink, spot } = look;
  ctx.textBaseline = 'middle';
  look.names.forEach((name, i) => {
    const on = spot !== null && (spot.row === i || spot.column === i);
    ctx.font = `${on ? '600 ' : ''}12px ${ink.font}`;
    ctx.fillStyle = on ? ink.ink : ink['ink-2'];
    if (look.split) {
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

function draw_guides(ctx: CanvasRenderingContext2D, look: MeshLook): void {
  const { spot, cell, left, top, matrix } = look;
  if (!spot) return;
  const n = matrix.sites.length;
  ctx.fillStyle = look.ink.line;
  const width = look.split ? spot.row * cell : n * cell;
  ctx.fillRect(left, top + spot.row * cell - 1, width, cell + 1);
  const from = look.split ? (spot.column + 1) * cell : 0;
  ctx.fillRect(left + spot.column * cell - 1, top + from, cell + 1, n * cell - from);
}

function draw_one(ctx: CanvasRenderingContext2D, look: MeshLook, row: number, column: number): void {
  const { matrix, cell, left, top, split } = look;
  const x = left + column * cell;
  const y = top + row * cell;
  const a = matrix.sites[row]!;
  const b = matrix.sites[column]!;
  draw_cell(ctx, look, matrix.at(a, b), x, y, split ? 'upper' : 'all');
  if (split) draw_cell(ctx, look, matrix.at(b, a), x, y, 'lower');
}

/** One cell again, both halves of it in the split layout. */
export function draw_pair(ctx: CanvasRenderingContext2D, look: MeshLook, row: number, column: number): void {
  const s = look.cell - GAP;
  ctx.clearRect(look.left + column * look.cell, look.top + row * look.cell, s, s);
  draw_one(ctx, look, row, column);
}

export function draw_mesh(ctx: CanvasRenderingContext2D, look: MeshLook): void {
  const { matrix, cell, left, top, split } = look;
  draw_guides(ctx, look);
  for (let row = 0; row < matrix.sites.length; row++) {
    const end = split ? row : matrix.sites.length;
    for (let column = 0; column < end; column++) {
      if (row !== column) draw_one(ctx, look, row, column);
    }
  }
  draw_names(ctx, look);
  if (look.spot && ends_of(look.spot, matrix.sites)) {
    const s = cell - GAP;
    trace(
      ctx,
      left + look.spot.column * cell,
      top + look.spot.row * cell,
      s,
      split ? (look.spot.back ? 'lower' : 'upper') : 'all',
    );
    ctx.strokeStyle = look.ink.ink;
    ctx.lineWidth = 2;
    ctx.stroke();
  }
}

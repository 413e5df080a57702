// Keeps the canvas of the matrix in step with as little painting as possible: of a live update only the cells that look
// different are painted again; everything, when the frame, the order, the scale or the chosen cell changed.

import type { MeshCell } from '../api/types';
import { draw_mesh, draw_pair, type MeshLook } from './mesh_draw';
import { position } from './mesh_model';

/** Finer than the eye tells apart on the colour scale. */
const SHADES = 128;

export class MeshPainter {
  private frame = '';
  private looks: string[] = [];

  paint(canvas: HTMLCanvasElement, look: MeshLook, width: number, height: number): void {
    const ctx = canvas.getContext('2d')!;
    const scale = devicePixelRatio || 1;
    const looks = looks_of(look);
    const frame = frame_of(look, width, height, scale);
    // The chosen cell has guides and an outline that reach over its neighbours.
    if (frame !== this.frame || look.spot !== null) {
      this.frame = look.spot === null ? frame : '';
      // Setting the size throws the bitmap away, which is dear even when nothing changes.
      const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== w) canvas.width = w;
      if (canvas.height !== h) canvas.height = h;
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      ctx.clearRect(0, 0, width, height);
      draw_mesh(ctx, look);
    } else {
      const n = look.matrix.sites.length;
      looks.forEach((one, i) => {
        if (one !== this.looks[i]) draw_pair(ctx, look, Math.floor(i / n), i % n);
      });
    }
    this.looks = looks;
  }
}

function frame_of(look: MeshLook, width: number, height: number, scale: number): string {
  const { matrix, ink } = look;
  return [
    width,
    height,
    scale,
    look.figure,
    look.split,
    look.cell,
    look.left,
    look.top,
    ink.dark,
    ink.font,
    matrix.low,
    matrix.high,
    matrix.sites.join(),
    look.names.join(),
  ].join('|');
}

function look_of(cell: MeshCell | undefined, look: MeshLook): string {
  if (!cell) return '';
  const at = position(cell, look.figure, look.matrix);
  const shade = at === null ? '-' : Math.round(at * SHADES);
  return look.split ? `${cell.state}${shade}` : `${cell.state}${shade}${look.text(cell)}`;
}

/** By row and column; in the split layout both halves of a cell are one look. */
function looks_of(look: MeshLook): string[] {
  const { matrix, split } = look;
  const out: string[] = [];
  matrix.sites.forEach((a, row) =>
    matrix.sites.forEach((b, column) => {
      if (row === column || (split && column > row)) out.push('');
      else if (split) out.push(`${look_of(matrix.at(a, b), look)}/${look_of(matrix.at(b, a), look)}`);
      else out.push(look_of(matrix.at(a, b), look));
    }),
  );
  return out;
}

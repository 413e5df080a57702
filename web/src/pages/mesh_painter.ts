// Keeps the canvas of the matrix in step with as little painting as possible: of a live update only the cells that look
// different are painted again; everything, when the frame, the order, the scale or the chosen cell changed.

import type { MeshCell, PathState } from '../api/types';
import { draw_mesh, draw_pair, type MeshLook } from './mesh_draw';
import { position } from './mesh_model';

/** How far a value may move on the colour scale before its cell is painted again. Cividis is some 150 ΔE long (CIE 1976), a
 *  difference that is just noticeable 2.3 (Mahy 1994): a step is half of that, and a value that trembles paints nothing. */
const STEP = 1 / 128;

/** What stands on the canvas for a cell. */
interface Painted {
  state: PathState | undefined;
  at: number | null;
  text: string;
}

export class MeshPainter {
  private last: { look: MeshLook; width: number; height: number; scale: number } | null = null;
  private painted: Painted[] = [];
  /** The cells as they came last: most are the same objects again, and need no second look. */
  private seen: readonly (MeshCell | undefined)[] = [];

  paint(canvas: HTMLCanvasElement, look: MeshLook, width: number, height: number): void {
    const ctx = canvas.getContext('2d')!;
    const scale = devicePixelRatio || 1;
    if (!this.same_frame(look, width, height, scale)) {
      // Setting the size throws the bitmap away, which is dear even when nothing changes.
      const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
      if (canvas.width !== w) canvas.width = w;
      if (canvas.height !== h) canvas.height = h;
      ctx.setTransform(scale, 0, 0, scale, 0, 0);
      ctx.clearRect(0, 0, width, height);
      draw_mesh(ctx, look);
      this.painted = look.matrix.grid.map((cell) => painted_of(cell, look));
    } else this.paint_changed(ctx, look);
    this.last = { look, width, height, scale };
    this.seen = look.matrix.grid;
  }

  private same_frame(look: MeshLook, width: number, height: number, scale: number): boolean {
    if (this.last === null) return false;
    const { look: before } = this.last;
    return (
      width === this.last.width &&
      height === this.last.height &&
      scale === this.last.scale &&
      // The chosen cell has guides and an outline that reach over its neighbours.
      look.spot === null &&
      before.spot === null &&
      look.matrix.sites === before.matrix.sites &&
      look.matrix.low === before.matrix.low &&
      look.matrix.high === before.matrix.high &&
      look.names === before.names &&
      look.figure === before.figure &&
      look.split === before.split &&
      look.cell === before.cell &&
      look.left === before.left &&
      look.top === before.top &&
      look.ink === before.ink
    );
  }

  private paint_changed(ctx: CanvasRenderingContext2D, look: MeshLook): void {
    const n = look.matrix.sites.length;
    for (let row = 0; row < n; row++) {
      const end = look.split ? row : n;
      for (let column = 0; column < end; column++) {
        const here = row * n + column;
        const back = look.split ? column * n + row : here;
        if (!this.changed(here, look) && !this.changed(back, look)) continue;
        draw_pair(ctx, look, row, column);
        this.painted[here] = painted_of(look.matrix.grid[here], look);
        this.painted[back] = painted_of(look.matrix.grid[back], look);
      }
    }
  }

  private changed(i: number, look: MeshLook): boolean {
    const cell = look.matrix.grid[i];
    if (cell === this.seen[i]) return false;
    const before = this.painted[i]!;
    const now = painted_of(cell, look);
    if (cell?.state !== before.state || now.text !== before.text) return true;
    if (now.at === null || before.at === null) return now.at !== before.at;
    return Math.abs(now.at - before.at) >= STEP;
  }
}

function painted_of(cell: MeshCell | undefined, look: MeshLook): Painted {
  return {
    state: cell?.state,
    at: cell ? position(cell, look.figure, look.matrix) : null,
    text: cell && !look.split ? look.text(cell) : '',
  };
}

// Keeps the canvas of the matrix in step with as little painting as possible: of a live update only the cells that look
// different are painted again; everything, when the frame, the order, the scale or the chosen cell changed.

import type { MeshCell } from '../api/types';
import type { Face, Faces, MeshFrame } from './mesh_draw';
import { position, type Matrix } from './mesh_model';
import type { Some, Surface } from './mesh_surface';

/** How far a value may move on the colour scale before its cell is painted again. Cividis is some 150 ΔE long (CIE 1976), a
 *  difference that is just noticeable 2.3 (Mahy 1994): a step is half of that, and a value that trembles paints nothing. */
const STEP = 1 / 128;

export interface MeshLook extends MeshFrame {
  matrix: Matrix;
  text(cell: MeshCell): string;
}

export class MeshPainter {
  private last: { look: MeshLook; width: number; height: number; scale: number } | null = null;
  /** What stands on the canvas. */
  private painted: Faces = [];
  /** The cells as they came last: most are the same objects again, and need no second look. */
  private seen: readonly (MeshCell | undefined)[] = [];

  constructor(private readonly surface: Surface) {}

  paint(look: MeshLook, width: number, height: number, scale: number): void {
    if (this.same_frame(look, width, height, scale)) this.paint_changed(look);
    else {
      const { matrix, text: _, ...frame } = look;
      const faces = matrix.grid.map((cell) => face_of(cell, look));
      this.painted = faces.slice();
      this.surface.whole({ frame, faces, width, height, scale });
    }
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

  private paint_changed(look: MeshLook): void {
    const { seen, painted } = this;
    const { grid, sites } = look.matrix;
    const n = sites.length;
    const changes: Some = { places: [], faces: [], pairs: [] };
    for (let place = 0; place < grid.length; place++) {
      if (grid[place] === seen[place]) continue;
      const face = face_of(grid[place], look);
      if (!differs(painted[place], face)) continue;
      painted[place] = face;
      changes.places.push(place);
      changes.faces.push(face);
      const [row, column] = [Math.floor(place / n), place % n];
      const pair = look.split && column > row ? column * n + row : place;
      if (!changes.pairs.includes(pair)) changes.pairs.push(pair);
    }
    if (changes.pairs.length > 0) this.surface.some(changes);
  }
}

function differs(before: Face | undefined, now: Face | undefined): boolean {
  if (before === undefined || now === undefined) return before !== now;
  if (now.state !== before.state || now.text !== before.text) return true;
  if (now.at === null || before.at === null) return now.at !== before.at;
  return Math.abs(now.at - before.at) >= STEP;
}

function face_of(cell: MeshCell | undefined, look: MeshLook): Face | undefined {
  if (cell === undefined) return undefined;
  const at = position(cell, look.figure, look.matrix);
  return { state: cell.state, at, text: look.split ? '' : look.text(cell) };
}

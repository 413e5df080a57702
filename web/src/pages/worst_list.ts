// The list of the worst pairs, held still enough to be read. Pure but for the clock that it is given.

import type { MeshCell } from '../api/types';
import { worst_cells } from './mesh_model';

/** A reader finds the line again, and half of the updates lay out and paint nothing. */
const CALM_MS = 5_000;

const same_row = (a: MeshCell, b: MeshCell): boolean => a.path === b.path && a.state === b.state && a.value === b.value;

/** Made anew at once when the state of a pair changes or something else is asked, otherwise once it has stood for five
 *  seconds. A row that says what it said before stays the same object. */
export class WorstList {
  private rows: MeshCell[] = [];
  private asked = '';
  private states = '';
  private since = -Infinity;

  /** `asked`: whatever else the values depend on. `now`: in ms, rising. */
  read(cells: readonly MeshCell[], limit: number, asked: string, now: number): readonly MeshCell[] {
    const states = states_of(cells);
    const question = `${limit} ${asked}`;
    const stands = question === this.asked && states === this.states;
    if (stands && now - this.since < CALM_MS) return this.rows;
    const { rows } = this;
    this.rows = worst_cells(cells, limit).map((cell, i) => (rows[i] && same_row(rows[i], cell) ? rows[i] : cell));
    this.asked = question;
    this.states = states;
    this.since = now;
    return this.rows;
  }
}

/** Which pairs are not well, and how: short, for most are. */
function states_of(cells: readonly MeshCell[]): string {
  let states = String(cells.length);
  for (const { state, path } of cells) if (state !== 'good') states += ` ${state} ${path}`;
  return states;
}

// The mesh of the last minute, read from the live rows. Pure.

import type { Mesh, MeshCell, MeshFigure, PathRow } from '../api/types';
import { compare_badness } from './mesh_model';

/** Which paths stand for which pair of sites: known until a path comes or goes, so that a live update only looks at
 *  figures. */
export interface MeshPairs {
  pairs: { source: string; target: string; ids: string[] }[];
  family: 4 | 6;
  method: string;
  sites: readonly string[];
}

export function mesh_pairs(
  rows: readonly PathRow[],
  family: 4 | 6,
  method: string,
  sites: readonly string[],
): MeshPairs {
  const by_pair = new Map<string, MeshPairs['pairs'][number]>();
  for (const row of rows) {
    if (row.family !== family || row.method !== method) continue;
    const source = row.source_site ?? row.probe.slice(0, 8);
    const target = row.target_site ?? row.target;
    const pair = by_pair.get(`${source}\n${target}`);
    if (pair) pair.ids.push(row.id);
    else by_pair.set(`${source}\n${target}`, { source, target, ids: [row.id] });
  }
  return { pairs: [...by_pair.values()], family, method, sites };
}

/** A mesh that may know in which cells alone it differs from the one that was read before it. */
export interface LiveCells extends Mesh {
  serial?: number;
  step?: { from: number; changed: readonly number[] };
}

/** What changed in the rows: `ids` with the step to `revision`, from the one before it. */
export interface RowChanges {
  revision: number;
  ids: readonly string[];
}

let readings = 0;

/** The last minute from the live rows: what GET mesh would answer, without asking. After a live update only the pairs of
 *  the rows that it brought are looked at, and a cell whose path says the same as before stays the same object. */
export class LiveMesh {
  private cells: (MeshCell | undefined)[] = [];
  private readonly sites: string[];
  private readonly pair_of = new Map<string, number>();
  private last: { revision: number; mesh: LiveCells } | null = null;

  constructor(
    private readonly known: MeshPairs,
    private readonly figure: MeshFigure,
  ) {
    this.sites = [...known.sites];
    known.pairs.forEach((pair, i) => pair.ids.forEach((id) => this.pair_of.set(id, i)));
  }

  read(row_of: (id: string) => PathRow | undefined, changes: RowChanges): LiveCells {
    const follows = this.last?.revision === changes.revision - 1 && this.last.mesh.cells.length === this.cells.length;
    const mesh = (follows && this.stepped(this.last!.mesh, row_of, changes.ids)) || this.whole(row_of);
    this.last = { revision: changes.revision, mesh };
    return mesh;
  }

  private whole(row_of: (id: string) => PathRow | undefined): LiveCells {
    this.cells = this.known.pairs.map((pair, i) => this.cell_of(pair, row_of, this.cells[i]));
    return this.mesh_of(this.cells.filter((c) => c !== undefined));
  }

  /** null when a cell comes or goes. */
  private stepped(
    before: LiveCells,
    row_of: (id: string) => PathRow | undefined,
    ids: readonly string[],
  ): LiveCells | null {
    const changed: number[] = [];
    for (const id of ids) {
      const i = this.pair_of.get(id);
      if (i === undefined) continue;
      const cell = this.cell_of(this.known.pairs[i]!, row_of, this.cells[i]);
      if (cell === undefined) return null;
      if (cell === this.cells[i]) continue;
      this.cells[i] = cell;
      changed.push(i);
    }
    const mesh = this.mesh_of(this.cells.slice() as MeshCell[]);
    mesh.step = { from: before.serial!, changed };
    return mesh;
  }

  private mesh_of(cells: MeshCell[]): LiveCells {
    const { family, method } = this.known;
    return { figure: this.figure, family, method, minutes: 1, sites: this.sites, cells, serial: ++readings };
  }

  /** The worst of several paths between the same sites stands for them. */
  private cell_of(
    pair: MeshPairs['pairs'][number],
    row_of: (id: string) => PathRow | undefined,
    before: MeshCell | undefined,
  ): MeshCell | undefined {
    let cell: MeshCell | undefined;
    for (const id of pair.ids) {
      const row = row_of(id);
      if (!row) continue;
      const value = row.minute[this.figure];
      const { sent } = row.minute;
      const { state } = row;
      const one =
        before?.path === id && before.value === value && before.sent === sent && before.state === state
          ? before
          : { source: pair.source, target: pair.target, path: id, value, sent, state };
      if (!cell || compare_badness(one, cell) < 0) cell = one;
    }
    return cell;
  }
}

// The matrix as it is drawn: sites in order, cells by pair, the scale of what is shown. Pure.

import { BADNESS } from '../chart/shapes';
import { delay_position, loss_position } from '../chart/colour';
import type { Mesh, MeshCell, MeshFigure, PathRow, PathState } from '../api/types';

export type Order = 'region' | 'badness';

export interface Matrix {
  /** The same array as before while the order stays. */
  sites: string[];
  cells: readonly MeshCell[];
  /** By row times the number of sites plus column. */
  grid: readonly (MeshCell | undefined)[];
  at(source: string, target: string): MeshCell | undefined;
  /** The row and column of a site. */
  place: ReadonlyMap<string, number>;
  order: Order;
  /** What it was made from. */
  mesh: Mesh;
  low: number;
  high: number;
}

const RANK = Object.fromEntries(BADNESS.map((state, i) => [state, i])) as Record<PathState, number>;

export function compare_badness(a: MeshCell, b: MeshCell): number {
  return RANK[a.state] - RANK[b.state] || (b.value ?? -1) - (a.value ?? -1);
}

function badness_of_site(site: string, cells: readonly MeshCell[]): number {
  let sum = 0;
  let n = 0;
  for (const c of cells) {
    if (c.source !== site && c.target !== site) continue;
    n++;
    if (c.state === 'broken') sum += 1e13;
    else sum += c.value ?? 0;
  }
  return n ? sum / n : -1;
}

/** 1, 1.5, 2, 3, 5 or 7 times a power of ten. */
const STEPS = [1, 1.5, 2, 3, 5, 7, 10];
function round_down(v: number): number {
  if (v <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(v));
  return power * STEPS.findLast((s) => s * power <= v * 1.0000001)!;
}
function round_up(v: number): number {
  if (v <= 0) return 0;
  const power = 10 ** Math.floor(Math.log10(v));
  return power * STEPS.find((s) => s * power >= v * 0.9999999)!;
}

/** The end as it was, while a tenth more or less of the value would still give it: a value that trembles about the border
 *  of two round numbers must not recolour every cell, over and over. */
function steady(before: number | undefined, round: (v: number) => number, value: number): number {
  const stays = before !== undefined && (round(value * 1.1) === before || round(value / 1.1) === before);
  return stays ? before : round(value);
}

function sites_in_order(mesh: Mesh, order: Order): string[] {
  const used = new Set<string>();
  for (const cell of mesh.cells) used.add(cell.source).add(cell.target);
  const known = new Set(mesh.sites);
  const sites = mesh.sites.filter((s) => used.has(s));
  for (const s of used) if (!known.has(s)) sites.push(s);
  if (order === 'region') return sites;
  const score = new Map(sites.map((s) => [s, badness_of_site(s, mesh.cells)]));
  return sites.sort((a, b) => score.get(b)! - score.get(a)!);
}

/** Whether the same pairs of the same sites are to be laid out as before, so that only what the cells say may differ. */
function same_layout(before: Matrix, mesh: Mesh, order: Order): boolean {
  // By badness the order itself depends on what the cells say.
  if (order !== 'region' || before.order !== order || before.mesh.sites !== mesh.sites) return false;
  if (before.cells.length !== mesh.cells.length) return false;
  return mesh.cells.every((cell, i) => {
    const old = before.cells[i]!;
    return cell === old || (cell.source === old.source && cell.target === old.target);
  });
}

type Layout = Pick<Matrix, 'sites' | 'place' | 'grid'>;

function laid_out(mesh: Mesh, order: Order, before: Matrix | null): Layout {
  const ordered = sites_in_order(mesh, order);
  const stays = before?.sites.length === ordered.length && before.sites.every((s, i) => s === ordered[i]);
  const sites = stays ? before.sites : ordered;
  const place = new Map(sites.map((s, i) => [s, i]));
  const grid = new Array<MeshCell | undefined>(sites.length ** 2).fill(undefined);
  for (const cell of mesh.cells) grid[place.get(cell.source)! * sites.length + place.get(cell.target)!] = cell;
  return { sites, place, grid };
}

function with_changed_cells(mesh: Mesh, before: Matrix): Layout {
  const { sites, place } = before;
  const grid = before.grid.slice();
  mesh.cells.forEach((cell, i) => {
    if (cell !== before.cells[i]) grid[place.get(cell.source)! * sites.length + place.get(cell.target)!] = cell;
  });
  return { sites, place, grid };
}

function same_question(a: Mesh, b: Mesh): boolean {
  return a.figure === b.figure && a.family === b.family && a.method === b.method && a.minutes === b.minutes;
}

/** Round ends: a scale that moves with every window would recolour every cell, and nobody could compare. */
function scale_of(cells: readonly MeshCell[], before: Matrix | null): Pick<Matrix, 'low' | 'high'> {
  // Sorted as numbers, without a call per comparison.
  const values = new Float64Array(cells.length);
  let count = 0;
  for (const { value } of cells) if (value !== null && value > 0) values[count++] = value;
  const ranked = values.subarray(0, count).sort();
  const pick = (q: number): number => ranked[Math.min(count - 1, Math.floor(q * count))] ?? 0;
  return {
    low: steady(before?.low, round_down, pick(0.02)),
    high: steady(before?.high, round_up, Math.max(pick(0.99), pick(0.02) * 1.5)),
  };
}

/** `before` is the matrix that it takes the place of: what stays as it was is kept, so that who looks sees no change. */
export function make_matrix(mesh: Mesh, order: Order, before: Matrix | null = null): Matrix {
  const { cells } = mesh;
  const layout =
    before && same_layout(before, mesh, order) ? with_changed_cells(mesh, before) : laid_out(mesh, order, before);
  const { sites, place, grid } = layout;
  const at = (source: string, target: string): MeshCell | undefined => {
    const [row, column] = [place.get(source), place.get(target)];
    return row === undefined || column === undefined ? undefined : grid[row * sites.length + column];
  };
  const scale = scale_of(cells, before && same_question(before.mesh, mesh) ? before : null);
  return { ...layout, ...scale, cells, at, order, mesh };
}

/** The `limit` worst, the worst first. Looks at each cell once instead of sorting them all for the few that are shown. */
export function worst_cells(cells: readonly MeshCell[], limit: number): MeshCell[] {
  const worst: MeshCell[] = [];
  for (const cell of cells) {
    if (worst.length === limit && compare_badness(cell, worst[limit - 1]!) >= 0) continue;
    if (worst.length === limit) worst.pop();
    let at = worst.length;
    while (at > 0 && compare_badness(cell, worst[at - 1]!) < 0) at--;
    worst.splice(at, 0, cell);
  }
  return worst;
}

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

/** The last minute from the live rows: what GET mesh would answer, without asking. A cell whose path has not changed stays
 *  the same object from one reading to the next, by which those who show it know. */
export class LiveMesh {
  private cells: (MeshCell | undefined)[] = [];
  private readonly sites: string[];

  constructor(
    private readonly known: MeshPairs,
    private readonly figure: MeshFigure,
  ) {
    this.sites = [...known.sites];
  }

  read(row_of: (id: string) => PathRow | undefined): Mesh {
    const { pairs, family, method } = this.known;
    this.cells = pairs.map((pair, i) => this.cell_of(pair, row_of, this.cells[i]));
    const cells = this.cells.filter((c) => c !== undefined);
    return { figure: this.figure, family, method, minutes: 1, sites: this.sites, cells };
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

/** Where a cell's value lies on the colour scale, 0..1; null when there is no value to colour. */
export function position(cell: MeshCell, figure: MeshFigure, matrix: Matrix): number | null {
  if (cell.value === null) return null;
  return figure === 'loss_ratio' ? loss_position(cell.value) : delay_position(cell.value, matrix.low, matrix.high);
}

export interface Spot {
  row: number;
  column: number;
  /** In the split layout the lower right half stands for the way back. */
  back: boolean;
}

/** Source and target of a spot. In the split layout only cells left of the diagonal exist. */
export function ends_of(spot: Spot, sites: readonly string[]): { source: string; target: string } | null {
  const row = sites[spot.row];
  const column = sites[spot.column];
  if (row === undefined || column === undefined || spot.row === spot.column) return null;
  return spot.back ? { source: column, target: row } : { source: row, target: column };
}

export function moved(spot: Spot, name: string, count: number, split: boolean): Spot {
  const delta: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const step = delta[name];
  if (!step) return spot;
  const limit = (v: number): number => Math.min(count - 1, Math.max(0, v));
  let row = limit(spot.row + step[0]);
  let column = limit(spot.column + step[1]);
  if (split && column >= row) {
    if (step[0] < 0 || step[1] > 0) return spot;
    column = Math.max(0, row - 1);
    row = Math.max(row, 1);
  } else if (!split && row === column) {
    // Jump over the diagonal, where there is no path.
    const next = { row: limit(row + step[0]), column: limit(column + step[1]) };
    return next.row === next.column ? spot : { ...spot, ...next };
  }
  return { ...spot, row, column };
}

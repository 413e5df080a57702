// The matrix as it is drawn: sites in order, cells by pair, the scale of what is shown. Pure.

import { BADNESS } from '../chart/shapes';
import { delay_position, loss_position } from '../chart/colour';
import type { Mesh, MeshCell, MeshFigure, PathState } from '../api/types';
import type { LiveCells } from './mesh_live';

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
  /** Where each cell stands in the grid. */
  spots: Int32Array;
  /** What each cell gives to the scale, NaN when nothing. */
  values: Float64Array;
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

type Layout = Pick<Matrix, 'sites' | 'place' | 'grid' | 'spots' | 'values'>;

/** NaN sorts behind all numbers. */
function scaled_value({ value }: MeshCell): number {
  return value !== null && value > 0 ? value : NaN;
}

function laid_out(mesh: Mesh, order: Order, before: Matrix | null): Layout {
  const ordered = sites_in_order(mesh, order);
  const stays = before?.sites.length === ordered.length && before.sites.every((s, i) => s === ordered[i]);
  const sites = stays ? before.sites : ordered;
  const place = new Map(sites.map((s, i) => [s, i]));
  const spots = Int32Array.from(mesh.cells, (c) => place.get(c.source)! * sites.length + place.get(c.target)!);
  const grid = new Array<MeshCell | undefined>(sites.length ** 2).fill(undefined);
  mesh.cells.forEach((cell, i) => (grid[spots[i]!] = cell));
  return { sites, place, grid, spots, values: Float64Array.from(mesh.cells, scaled_value) };
}

/** The same pairs of the same sites, of which only those of `changed` say something else. */
function with_changed_cells(mesh: Mesh, before: Matrix, changed: readonly number[]): Layout {
  const { sites, place, spots } = before;
  const grid = before.grid.slice();
  const values = before.values.slice();
  for (const i of changed) {
    const cell = mesh.cells[i]!;
    grid[spots[i]!] = cell;
    values[i] = scaled_value(cell);
  }
  return { sites, place, grid, spots, values };
}

/** Which cells alone differ from those of `before`; null when the matrix is to be laid out anew. */
function changed_since(before: Matrix, mesh: LiveCells, order: Order): readonly number[] | null {
  // By badness the order itself depends on what the cells say.
  if (order !== 'region' || before.order !== order || mesh.step === undefined) return null;
  return (before.mesh as LiveCells).serial === mesh.step.from ? mesh.step.changed : null;
}

function same_question(a: Mesh, b: Mesh): boolean {
  return a.figure === b.figure && a.family === b.family && a.method === b.method && a.minutes === b.minutes;
}

/** Round ends: a scale that moves with every window would recolour every cell, and nobody could compare. */
function scale_of(values: Float64Array, before: Matrix | null): Pick<Matrix, 'low' | 'high'> {
  // Sorted as numbers, without a call per comparison.
  const ranked = values.slice().sort();
  let count = ranked.length;
  while (count > 0 && Number.isNaN(ranked[count - 1])) count--;
  const pick = (q: number): number => (count > 0 ? ranked[Math.min(count - 1, Math.floor(q * count))]! : 0);
  return {
    low: steady(before?.low, round_down, pick(0.02)),
    high: steady(before?.high, round_up, Math.max(pick(0.99), pick(0.02) * 1.5)),
  };
}

/** `before` is the matrix that it takes the place of: what stays as it was is kept, so that who looks sees no change. */
export function make_matrix(mesh: Mesh | LiveCells, order: Order, before: Matrix | null = null): Matrix {
  const changed = before && changed_since(before, mesh as LiveCells, order);
  const layout = before && changed ? with_changed_cells(mesh, before, changed) : laid_out(mesh, order, before);
  const { sites, place, grid } = layout;
  const at = (source: string, target: string): MeshCell | undefined => {
    const [row, column] = [place.get(source), place.get(target)];
    return row === undefined || column === undefined ? undefined : grid[row * sites.length + column];
  };
  const scale = scale_of(layout.values, before && same_question(before.mesh, mesh) ? before : null);
  return { ...layout, ...scale, cells: mesh.cells, at, order, mesh };
}

/** The `limit` worst, the worst first. Looks at each cell once instead of sorting them all for the few that are shown. */
export function worst_cells(cells: readonly MeshCell[], limit: number): MeshCell[] {
  const worst: MeshCell[] = [];
  let last: MeshCell | null = null;
  for (const cell of cells) {
    if (last !== null) {
      if (compare_badness(cell, last) >= 0) continue;
      worst.pop();
    }
    let at = worst.length;
    while (at > 0 && compare_badness(cell, worst[at - 1]!) < 0) at--;
    worst.splice(at, 0, cell);
    if (worst.length === limit) last = worst[limit - 1]!;
  }
  return worst;
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

// The matrix as it is drawn: sites in order, cells by pair, the scale of what is shown. Pure.

import { BADNESS } from '../chart/shapes';
import { delay_position, loss_position } from '../chart/colour';
import type { Mesh, MeshCell, MeshFigure, PathRow, PathState } from '../api/types';

export type Order = 'region' | 'badness';

export interface Matrix {
  sites: string[];
  at(source: string, target: string): MeshCell | undefined;
  /** Worst first. */
  ranked: MeshCell[];
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

export function make_matrix(mesh: Mesh, order: Order): Matrix {
  const used = new Set<string>();
  const by_source = new Map<string, Map<string, MeshCell>>();
  const values: number[] = [];
  for (const cell of mesh.cells) {
    used.add(cell.source).add(cell.target);
    let row = by_source.get(cell.source);
    if (!row) by_source.set(cell.source, (row = new Map()));
    row.set(cell.target, cell);
    if (cell.value !== null && cell.value > 0) values.push(cell.value);
  }
  values.sort((a, b) => a - b);
  let sites = mesh.sites.filter((s) => used.has(s));
  for (const s of used) if (!sites.includes(s)) sites.push(s);
  if (order === 'badness') {
    const score = new Map(sites.map((s) => [s, badness_of_site(s, mesh.cells)]));
    sites = [...sites].sort((a, b) => score.get(b)! - score.get(a)!);
  }
  const pick = (q: number): number => values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
  return {
    sites,
    at: (a, b) => by_source.get(a)?.get(b),
    ranked: [...mesh.cells].sort(compare_badness),
    // Round ends: a scale that moves with every window would recolour every cell, and nobody could compare.
    low: round_down(pick(0.02)),
    high: round_up(Math.max(pick(0.99), pick(0.02) * 1.5)),
  };
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

function cell_of(pair: MeshPairs['pairs'][number], figure: MeshFigure, row: PathRow): MeshCell {
  const { source, target } = pair;
  return { source, target, path: row.id, value: row.minute[figure], sent: row.minute.sent, state: row.state };
}

/** The last minute from the live rows: what GET mesh would answer, without asking. The worst of several paths between the
 *  same sites stands for them. */
export function live_mesh(known: MeshPairs, figure: MeshFigure, row_of: (id: string) => PathRow | undefined): Mesh {
  const cells: MeshCell[] = [];
  for (const pair of known.pairs) {
    let worst: MeshCell | null = null;
    for (const id of pair.ids) {
      const row = row_of(id);
      if (!row) continue;
      const cell = cell_of(pair, figure, row);
      if (!worst || compare_badness(cell, worst) < 0) worst = cell;
    }
    if (worst) cells.push(worst);
  }
  return { figure, family: known.family, method: known.method, minutes: 1, sites: [...known.sites], cells };
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

// The matrix as it is drawn: sites in order, cells by pair, the scale of what is shown. Pure.

import { BADNESS } from '../chart/shapes';
import { delay_position, loss_position } from '../chart/colour';
import type { Mesh, MeshCell, MeshFigure, PathRow } from '../api/types';

export type Order = 'region' | 'badness';

export interface Matrix {
  sites: string[];
  at(source: string, target: string): MeshCell | undefined;
  /** Worst first. */
  ranked: MeshCell[];
  low: number;
  high: number;
}

const key = (a: string, b: string): string => `${a}\n${b}`;

export function compare_badness(a: MeshCell, b: MeshCell): number {
  const by_state = BADNESS.indexOf(a.state) - BADNESS.indexOf(b.state);
  return by_state || (b.value ?? -1) - (a.value ?? -1);
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

export function make_matrix(mesh: Mesh, order: Order): Matrix {
  const used = new Set(mesh.cells.flatMap((c) => [c.source, c.target]));
  let sites = mesh.sites.filter((s) => used.has(s));
  for (const s of used) if (!sites.includes(s)) sites.push(s);
  if (order === 'badness') {
    const score = new Map(sites.map((s) => [s, badness_of_site(s, mesh.cells)]));
    sites = [...sites].sort((a, b) => score.get(b)! - score.get(a)!);
  }
  const by_pair = new Map(mesh.cells.map((c) => [key(c.source, c.target), c]));
  const values = mesh.cells.flatMap((c) => (c.value !== null && c.value > 0 ? [c.value] : [])).sort((a, b) => a - b);
  const pick = (q: number): number => values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
  return {
    sites,
    at: (a, b) => by_pair.get(key(a, b)),
    ranked: [...mesh.cells].sort(compare_badness),
    low: pick(0.02),
    high: Math.max(pick(0.99), pick(0.02) * 1.5),
  };
}

/** The last minute from the live rows: what GET mesh would answer, without asking. The worst of several paths between the
 *  same sites stands for them. */
export function live_mesh(
  rows: readonly PathRow[],
  wanted: { figure: MeshFigure; family: 4 | 6; method: string },
  sites: readonly string[],
): Mesh {
  const cells = new Map<string, MeshCell>();
  for (const row of rows) {
    if (row.family !== wanted.family || row.method !== wanted.method) continue;
    const source = row.source_site ?? row.probe.slice(0, 8);
    const target = row.target_site ?? row.target;
    const cell = {
      source,
      target,
      path: row.id,
      value: row.minute[wanted.figure],
      sent: row.minute.sent,
      state: row.state,
    };
    const pair = key(source, target);
    const other = cells.get(pair);
    if (!other || compare_badness(cell, other) < 0) cells.set(pair, cell);
  }
  return { ...wanted, minutes: 1, sites: [...sites], cells: [...cells.values()] };
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

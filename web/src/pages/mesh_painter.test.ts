import { describe, expect, it, vi } from 'vitest';
import type { Mesh, MeshCell } from '../api/types';
import type { Ink } from '../chart/ink';
import { make_matrix, type Matrix } from './mesh_model';
import { MeshPainter, type MeshLook } from './mesh_painter';
import { CanvasSurface } from './mesh_surface';

const SITES = ['a', 'b', 'c'];

function mesh_of(delays: Record<string, number>, state: MeshCell['state'] = 'good'): Mesh {
  const cells = Object.entries(delays).map(([ends, value]): MeshCell => {
    const [source, target] = [ends[0]!, ends[1]!];
    return { source, target, path: ends, value, sent: 10, state };
  });
  return { figure: 'rtt_p50', family: 4, method: 'echo', minutes: 1, sites: SITES, cells };
}

describe('mesh painter', () => {
  /** Counts what is cleared before it is painted again: one rectangle for everything, or one for a pair. */
  const cleared = vi.fn();
  const drawing: unknown = new Proxy({ clearRect: cleared }, { get: (o, name) => Reflect.get(o, name) ?? (() => {}) });
  const canvas = { width: 300, height: 300, getContext: () => drawing } as unknown as HTMLCanvasElement;
  const painter = new MeshPainter(new CanvasSurface(canvas));
  const frame = { figure: 'rtt_p50', split: true, cell: 40, left: 0, top: 0, spot: null, text: () => '' } as const;
  const names = ['A', 'B', 'C'];
  const ink = { dark: false, font: 'sans' } as Ink;
  let matrix: Matrix | null = null;

  function paint(mesh: Mesh, over: Partial<MeshLook> = {}): number[] {
    cleared.mockClear();
    matrix = make_matrix(mesh, 'region', matrix);
    painter.paint({ ...frame, names, ink, matrix, ...over }, 300, 300, 1);
    return cleared.mock.calls.map((call) => call[2] as number);
  }

  it('paints everything once, then only the pairs that look different', () => {
    const first = { ab: 2e6, ba: 3e6, ac: 20e6, ca: 9e6 };
    expect(paint(mesh_of(first))).toEqual([300]);
    expect(paint(mesh_of(first))).toEqual([]);
    expect(paint(mesh_of({ ...first, ba: 3.01e6 }))).toEqual([]);
    expect(paint(mesh_of({ ...first, ba: 3.6e6 }))).toEqual([39]);
    expect(paint(mesh_of({ ...first, ba: 3.6e6 }, 'degraded'))).toEqual([39, 39]);
  });
  it('sums small steps up until they show', () => {
    const at = (ba: number) => paint(mesh_of({ ab: 2e6, ba, ac: 20e6, ca: 9e6 })).length;
    at(3e6);
    expect([3.02e6, 3.04e6, 3.06e6, 3.08e6].map(at)).toEqual([0, 0, 1, 0]);
  });
  it('paints everything again when a cell is chosen, and when it no longer is', () => {
    const mesh = mesh_of({ ab: 2e6, ba: 3e6 });
    paint(mesh);
    const spot = { row: 1, column: 0, back: false };
    expect(paint(mesh, { spot })).toEqual([300]);
    expect(paint(mesh)).toEqual([300]);
  });
});

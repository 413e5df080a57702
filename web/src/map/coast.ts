// The land of the map as SVG path data in the unit square times 1e6 (so that two decimals suffice), made once.

import land_url from './land.json?url';
import { project } from './projection';

export const COAST_UNIT = 1e6;

interface Land {
  rings: number[][];
}

export function ring_path(ring: readonly number[]): string {
  let d = '';
  for (let i = 0; i + 1 < ring.length; i += 2) {
    const [x, y] = project(ring[i]!, ring[i + 1]!);
    d += `${i ? 'L' : 'M'}${(x * COAST_UNIT).toFixed(1)} ${(y * COAST_UNIT).toFixed(1)}`;
  }
  return d + 'z';
}

let coast: Promise<string> | null = null;

export function load_coast(): Promise<string> {
  coast ??= fetch(land_url)
    .then((r) => r.json() as Promise<Land>)
    .then((land) => land.rings.map(ring_path).join(''));
  return coast;
}

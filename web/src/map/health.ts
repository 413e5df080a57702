// How a site stands: the shares of its paths by state, as a ring around its dot. Pure.

import type { PathRow, PathState } from '../api/types';

export interface SiteHealth {
  total: number;
  counts: Partial<Record<PathState, number>>;
  bad: number;
}

export function site_health(rows: readonly PathRow[], family: string): Map<string, SiteHealth> {
  const out = new Map<string, SiteHealth>();
  const add = (site: string | null, state: PathState) => {
    if (!site) return;
    let h = out.get(site);
    if (!h) out.set(site, (h = { total: 0, counts: {}, bad: 0 }));
    h.total++;
    h.counts[state] = (h.counts[state] ?? 0) + 1;
    if (state !== 'good') h.bad++;
  };
  for (const row of rows) {
    if (family && String(row.family) !== family) continue;
    add(row.source_site, row.state);
    if (row.target_site !== row.source_site) add(row.target_site, row.state);
  }
  return out;
}

export interface Arc {
  state: PathState;
  path: string;
}

const ORDER: PathState[] = ['broken', 'degraded', 'sick', 'stale', 'unknown', 'good'];

function point(cx: number, cy: number, r: number, turn: number): string {
  const a = turn * 2 * Math.PI - Math.PI / 2;
  return `${(cx + r * Math.cos(a)).toFixed(2)} ${(cy + r * Math.sin(a)).toFixed(2)}`;
}

/** The ring as arcs, worst first from twelve o'clock; a share below 4 % is drawn as 4 %, so that one broken path shows. */
export function ring(health: SiteHealth | undefined, cx: number, cy: number, r: number): Arc[] {
  const whole = (state: PathState): Arc => ({
    state,
    path: `M${cx} ${cy - r}a${r} ${r} 0 1 1 -.01 0z`,
  });
  if (!health || health.total === 0) return [whole('unknown')];
  const parts = ORDER.map((s) => [s, (health.counts[s] ?? 0) / health.total] as const).filter(([, share]) => share > 0);
  if (parts.length === 1) return [whole(parts[0]![0])];
  const raised = parts.map(([s, share]) => [s, Math.max(0.04, share)] as const);
  const sum = raised.reduce((n, [, share]) => n + share, 0);
  let turn = 0;
  return raised.map(([state, share]) => {
    const from = turn;
    turn += share / sum;
    return {
      state,
      path: `M${point(cx, cy, r, from)}A${r} ${r} 0 ${share / sum > 0.5 ? 1 : 0} 1 ${point(cx, cy, r, turn)}`,
    };
  });
}

import { describe, expect, it } from 'vitest';
import type { AccessGroup, AccessTest } from '../api/types';
import {
  axis_end,
  capacity_methods,
  greatest,
  lines_of,
  method_rows,
  methods_of,
  newest_ms,
  site_rows,
  slot_values,
  verdict_rows,
} from './access_model';

const spread = (median: number) => ({ count: 3, least: median / 2, median, greatest: median * 2 });

function group(over: Partial<AccessGroup> = {}): AccessGroup {
  return {
    site: 'gz',
    network: 'fixed',
    access: 'fixed',
    method: 'tcp',
    direction: 'down',
    slot: 0,
    tests: 3,
    done: 3,
    disturbed: 0,
    moved_bytes: 1,
    newest_unix_ms: 0,
    throughput: spread(900e6),
    idle_p50: spread(4e6),
    loaded_p50: spread(10e6),
    rpm: null,
    verdicts: {},
    ...over,
  };
}
const mobile = { network: '5g', access: '5g' } as const;

describe('lines', () => {
  it('are fixed first, and named only where the kind does not say it', () => {
    const lines = lines_of([group(mobile), group(), group({ access: 'backup' })]);
    expect(lines.map((l) => [l.network, l.name])).toEqual([
      ['fixed', ''],
      ['fixed', 'backup'],
      ['5g', ''],
    ]);
  });
});

describe('methods beside one another', () => {
  const groups = [
    group({ method: 'responsiveness', direction: 'down', throughput: spread(800e6), rpm: spread(900) }),
    group({ method: 'responsiveness', direction: 'both', throughput: spread(500e6), rpm: spread(400) }),
    group({ method: 'udp', throughput: spread(940e6) }),
    group({ method: 'udp', direction: 'up', throughput: spread(180e6), idle_p50: spread(1), loaded_p50: null }),
    group(),
    group({ ...mobile, throughput: spread(300e6) }),
  ];
  it('are the capacities, then responsiveness', () => {
    expect(methods_of(groups)).toEqual(['tcp', 'udp', 'responsiveness']);
  });
  it('stand in one row a site and network, with the delays of the download', () => {
    const rows = method_rows(groups);
    expect(rows.map((r) => r.line)).toEqual(['fixed fixed', '5g 5g']);
    const fixed = rows[0]!.cells;
    expect(Object.keys(fixed).sort()).toEqual(['responsiveness', 'tcp', 'udp']);
    expect(fixed.udp!.up!.median).toBe(180e6);
    expect(fixed.udp!.loaded!.median).toBe(10e6);
    expect(fixed.responsiveness!.rpm!.median).toBe(400);
    expect(fixed.responsiveness!.down!.median).toBe(800e6);
    expect(rows[1]!.cells.udp).toBeUndefined();
  });
  it('has responsiveness by the hour, loaded both ways where that was measured', () => {
    const hours = groups.map((g) => ({ ...g, slot: 3 }));
    expect(slot_values(hours, 'hours', 'tcp', 'rpm')['fixed fixed']![3]!.median).toBe(400);
  });
});

describe('methods of capacity', () => {
  it('come in their usual order and without responsiveness or what knows no throughput', () => {
    const groups = [
      group({ method: 'ndt7' }),
      group({ method: 'responsiveness' }),
      group({ method: 'udp', throughput: null }),
      group(),
    ];
    expect(capacity_methods(groups)).toEqual(['tcp', 'ndt7']);
  });
});

describe('rows of sites', () => {
  const groups = [
    group({ site: 'sz' }),
    group(mobile),
    group({ direction: 'up', throughput: spread(80e6), ...mobile }),
    group({
      method: 'responsiveness',
      direction: 'both',
      throughput: null,
      rpm: spread(1200),
      loaded_p50: spread(50e6),
    }),
    group({ method: 'udp', throughput: spread(1) }),
  ];
  it('put networks side by side and keep methods apart', () => {
    const [gz, sz] = site_rows(groups, 'tcp');
    expect(gz!.site).toBe('gz');
    expect(gz!.down['5g 5g']!.median).toBe(900e6);
    expect(gz!.down['fixed fixed']).toBeUndefined();
    expect(gz!.up['5g 5g']!.median).toBe(80e6);
    expect(gz!.rpm['fixed fixed']!.median).toBe(1200);
    expect(sz!.down['fixed fixed']!.median).toBe(900e6);
  });
  it('take the delay of the download, else that of responsiveness', () => {
    const [gz] = site_rows(groups, 'tcp');
    expect(gz!.loaded['fixed fixed']!.median).toBe(50e6);
    const [with_download] = site_rows([...groups, group()], 'tcp');
    expect(with_download!.loaded['fixed fixed']!.median).toBe(10e6);
  });
  it('know the greatest of a column', () => {
    expect(greatest(site_rows(groups, 'tcp').map((r) => r.down))).toBe(900e6);
    expect(greatest([])).toBe(0);
  });
});

describe('slots', () => {
  it('leave holes where no test was', () => {
    const values = slot_values([group({ slot: 5 }), group({ slot: 7, direction: 'up' })], 'hours', 'tcp', 'down');
    expect(values['fixed fixed']!.length).toBe(24);
    expect(values['fixed fixed']!.filter((v) => v !== null).length).toBe(1);
    expect(values['fixed fixed']![5]!.median).toBe(900e6);
  });
  it('begin the week on Monday', () => {
    expect(slot_values([group({ slot: 1 })], 'weekdays', 'tcp', 'down')['fixed fixed']![0]).not.toBeNull();
  });
});

describe('verdicts', () => {
  it('are counted by line, the most frequent first', () => {
    const rows = verdict_rows([
      group({ verdicts: { policer: 2, unspecified: 9 } }),
      group({ ...mobile, verdicts: { network: 5, policer: 1 } }),
    ]);
    expect(rows.map((r) => [r.verdict, r.total])).toEqual([
      ['network', 5],
      ['policer', 3],
    ]);
    expect(rows[1]!.tests).toEqual({ 'fixed fixed': 2, '5g 5g': 1 });
  });
});

describe('small things', () => {
  it('the newest test, and none', () => {
    expect(newest_ms([{ start_ms: 5 }, { start_ms: 9 }] as AccessTest[])).toBe(9);
    expect(newest_ms([])).toBeNull();
  });
  it('axes end at round figures', () => {
    expect(axis_end(893e6)).toBe(1e9);
    expect(axis_end(1e9)).toBe(1e9);
    expect(axis_end(21)).toBe(50);
    expect(axis_end(0)).toBe(1);
  });
});

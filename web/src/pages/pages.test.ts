import { describe, expect, it } from 'vitest';
import type { Mesh, PathRow, Vantage } from '../api/types';
import { en } from '../i18n/en';
import { fill } from '../i18n/fill';
import { zh } from '../i18n/zh';
import { interest_of } from '../state/interest';
import { merger } from '../state/live_rows';
import { bounds, fresh_default, parse_range, range_words, shifted, zoomed } from '../state/range';
import { fits, named, ranked, FigureOrder, sorted_by_name, type Filter } from './filter';
import { LiveMesh, mesh_pairs } from './mesh_live';
import { ends_of, make_matrix, moved, worst_cells } from './mesh_model';
import { marks_of } from './vantage';

const NO_FILTER: Filter = { state: '', method: '', family: '', site: '', text: '' };

function row(id: string, over: Partial<PathRow> = {}, rtt: number | null = 1e6): PathRow {
  return {
    id,
    probe: 'p',
    source_site: 'gz',
    target: 'dc-2.lab',
    target_site: 'dc-2',
    method: 'echo',
    family: 4,
    plan_item: 'mesh',
    access: null,
    address: '10.0.0.1',
    dscp: 0,
    payload_bytes: 56,
    interval_ms: 100,
    state: 'good',
    since_unix_ms: 0,
    last_unix_ms: 0,
    outcome: 'answered',
    timestamp_source: 'kernel',
    error_bound: 1,
    clock_bound: null,
    during_test: false,
    minute: {
      windows: 6,
      sent: 600,
      received: 600,
      lost: 0,
      loss_ratio: 0,
      rtt_min: rtt,
      rtt_p50: rtt,
      rtt_p95: rtt,
      rtt_p99: rtt,
      rtt_max: rtt,
      forward_p50: null,
      backward_p50: null,
      ipdv_p99: null,
      lost_forward: null,
      lost_backward: null,
      duplicated: 0,
      reordered: 0,
    },
    ...over,
  };
}

describe('range', () => {
  const now = 1_700_000_000_000;
  it('is read from and written to the URL', () => {
    expect(parse_range(new URLSearchParams('range=7d'))).toMatchObject({ kind: 'last', id: '7d' });
    expect(parse_range(new URLSearchParams('range=nonsense'))).toMatchObject({ id: '1h' });
    expect(parse_range(new URLSearchParams('from=1000000&to=2000000'))).toEqual({ kind: 'fixed', from: 1e6, to: 2e6 });
    expect(parse_range(new URLSearchParams('from=2000000&to=1000000'))).toMatchObject({ id: '1h' });
    expect(range_words({ kind: 'fixed', from: 1, to: 20_000 })).toEqual({ range: null, from: '1', to: '20000' });
  });
  it('is an hour, or less on a fresh server', () => {
    expect(fresh_default(60_000)).toMatchObject({ id: '5m' });
    expect(fresh_default(20 * 60_000)).toMatchObject({ id: '1h' });
    expect(fresh_default(10 * 60_000)).toMatchObject({ id: '15m' });
    expect(fresh_default(Infinity)).toMatchObject({ id: '1h' });
  });
  it('moves by half and comes back to the moving range', () => {
    const hour = parse_range(new URLSearchParams());
    const earlier = shifted(hour, -1, now);
    expect(bounds(earlier, now)).toEqual({ from: now - 5_400_000, to: now - 1_800_000 });
    expect(shifted(earlier, 1, now + 30_000)).toEqual(hour);
  });
  it('zooms to at least ten seconds and never into the future', () => {
    const range = bounds(zoomed(now - 5, now + 9e9, now), now);
    expect(range.to).toBe(now);
    expect(range.to - range.from).toBeGreaterThanOrEqual(10_000);
  });
});

describe('live rows', () => {
  it('merge figures and keep what they do not speak of', () => {
    const before = row('a');
    const columns = ['id', 'state', 'sent', 'received', 'lost', 'rtt_p50', 'rtt_p99', 'ipdv_p99', 'new_one'];
    const after = merger(columns)(before, ['a', 'degraded', 60, 57, 3, 2e6, 3e6, 1e5, 9]);
    expect(after).not.toBe(before);
    expect(after.state).toBe('degraded');
    expect(after.minute).toMatchObject({ sent: 60, received: 57, lost: 3, loss_ratio: 0.05, rtt_p50: 2e6, windows: 6 });
    expect(after.target).toBe('dc-2.lab');
    expect(before.minute.sent).toBe(600);
    expect(merger(columns)(before, ['a', 'broken', 0, 0, 0, null, null, null]).minute.loss_ratio).toBeNull();
  });
  it('merge a state alone without touching the figures', () => {
    const before = row('a');
    const after = merger(['id', 'state'])(before, ['a', 'broken']);
    expect(after.state).toBe('broken');
    expect(after.minute).toBe(before.minute);
  });
  it('are asked for only as far as the page shows them', () => {
    const at = { page: 'mesh' as const, subject: null, family: '', method: 'stamp', minutes: 1 };
    expect(interest_of(at)).toBe('rows=figures&family=4&method=stamp');
    expect(interest_of({ ...at, minutes: 60 })).toBe('rows=none');
    expect(interest_of({ ...at, page: 'overview' })).toBe('rows=states');
    expect(interest_of({ ...at, page: 'paths', family: '6' })).toBe('rows=figures&family=6');
    expect(interest_of({ ...at, page: 'paths', subject: 'ab' })).toBe('path=ab');
    expect(interest_of({ ...at, page: 'storage' })).toBe('rows=none');
  });
  it('make the mesh of the last minute, the worst path standing for a pair', () => {
    const rows = [
      row('a', {}, 2e6),
      row('b', { state: 'degraded' }, 1e6),
      row('c', { method: 'stamp' }),
      row('d', { family: 6 }),
      row('e', { source_site: null, target_site: null, probe: '0123456789abcdef' }, 5e6),
    ];
    const live = new LiveMesh(mesh_pairs(rows, 4, 'echo', ['dc-2', 'gz']), 'rtt_p50');
    const row_of = (id: string) => rows.find((r) => r.id === id);
    const mesh = live.read(row_of, { revision: 1, ids: [] });
    expect(mesh.sites).toEqual(['dc-2', 'gz']);
    expect(mesh.cells.map((c) => [c.source, c.target, c.path, c.value])).toEqual([
      ['gz', 'dc-2', 'b', 1e6],
      ['01234567', 'dc-2.lab', 'e', 5e6],
    ]);
    // Only a cell whose path says something else is another object.
    rows[4] = row('e', { source_site: null, target_site: null, probe: '0123456789abcdef' }, 6e6);
    const next = live.read(row_of, { revision: 2, ids: ['e', 'd', 'e'] });
    expect(next.cells[0]).toBe(mesh.cells[0]);
    expect(next.cells[1]!.value).toBe(6e6);
    expect(next.step).toEqual({ from: mesh.serial, changed: [1] });
    // Who missed a revision looks at all.
    rows[1] = row('b', { state: 'broken' }, 1e6);
    const later = live.read(row_of, { revision: 4, ids: ['e'] });
    expect(later.step).toBeUndefined();
    expect(later.cells[0]!.state).toBe('broken');
  });
});

describe('list of paths', () => {
  const items = [
    named(row('a', { state: 'broken', family: 6 }, null), 'Guangzhou', 'Data centre 2'),
    named(row('b', {}, 5e6), 'Foshan', 'Cloud', ['佛山']),
    named(row('c', {}, 9e6), 'Zhuhai', 'Cloud'),
  ];
  it('filters by every word, in any field and both languages', () => {
    const find = (over: Partial<Filter>) =>
      items.filter((i) => fits(i, { ...NO_FILTER, ...over })).map((i) => i.row.id);
    expect(find({})).toEqual(['a', 'b', 'c']);
    expect(find({ text: 'cloud ZHU' })).toEqual(['c']);
    expect(find({ text: '佛山' })).toEqual(['b']);
    expect(find({ text: 'ipv6' })).toEqual(['a']);
    expect(find({ family: '4', site: 'gz' })).toEqual(['b', 'c']);
    expect(find({ site: 'elsewhere' })).toEqual([]);
  });
  ranked([...items]);
  it('sorts figures from the largest with the unknown last, either way', () => {
    const ids = (key: 'rtt' | 'state', reverse: boolean) =>
      new FigureOrder().sorted(items, key, reverse, (i) => i.row).map((i) => i.row.id);
    expect(ids('rtt', false)).toEqual(['c', 'b', 'a']);
    expect(ids('rtt', true)).toEqual(['b', 'c', 'a']);
    expect(ids('state', false)[0]).toBe('a');
  });
  it('sorts by the live row where it differs from the one that gave the names', () => {
    const live = (i: (typeof items)[number]) => (i.row.id === 'b' ? row('b', {}, 20e6) : i.row);
    const order = new FigureOrder();
    const sorted = order.sorted(items, 'rtt', false, live);
    expect(sorted.map((i) => i.row.id)).toEqual(['b', 'c', 'a']);
    // The same list as long as the figures are the same, another when one is not.
    expect(order.sorted(items, 'rtt', false, live)).toBe(sorted);
    expect(order.sorted(items, 'rtt', true, live)).not.toBe(sorted);
    expect(order.sorted(items, 'rtt', false, (i) => i.row).map((i) => i.row.id)).toEqual(['c', 'b', 'a']);
  });
  it('sorts names from A, either way', () => {
    const names = (reverse: boolean) => sorted_by_name(items, 'from', reverse).map((i) => i.from);
    expect(names(false)).toEqual(['Foshan', 'Guangzhou', 'Zhuhai']);
    expect(names(true)).toEqual(['Zhuhai', 'Guangzhou', 'Foshan']);
  });
});

describe('mesh', () => {
  const cell = (source: string, target: string, value: number | null, state: 'good' | 'broken' = 'good') => ({
    source,
    target,
    path: `${source}${target}`,
    value,
    sent: 10,
    state,
  });
  const mesh: Mesh = {
    figure: 'rtt_p50',
    family: 4,
    method: 'echo',
    minutes: 1,
    sites: ['a', 'b', 'c', 'unused'],
    cells: [cell('a', 'b', 10), cell('b', 'a', 12), cell('c', 'a', null, 'broken')],
  };
  it('leaves out sites that nothing measures and ranks the worst first', () => {
    const matrix = make_matrix(mesh, 'region');
    expect(matrix.sites).toEqual(['a', 'b', 'c']);
    expect(worst_cells(matrix.cells, 9).map((c) => c.path)).toEqual(['ca', 'ba', 'ab']);
    expect(worst_cells(matrix.cells, 2).map((c) => c.path)).toEqual(['ca', 'ba']);
    expect(matrix.at('a', 'b')!.value).toBe(10);
    expect(matrix.at('b', 'c')).toBeUndefined();
    expect(make_matrix(mesh, 'badness').sites[0]).toBe('c');
    expect(make_matrix({ ...mesh }, 'region', matrix).sites).toBe(matrix.sites);
    expect(make_matrix({ ...mesh, cells: mesh.cells.slice(0, 2) }, 'region', matrix).sites).toEqual(['a', 'b']);
  });
  it('keeps the ends of its scale until the values clearly leave them', () => {
    const of_delays = (...values: number[]): Mesh => ({
      ...mesh,
      cells: values.map((v, i) => cell(`s${i}`, 't', v)),
    });
    const first = make_matrix(of_delays(2.9e6, 4.9e6), 'region');
    expect([first.low, first.high]).toEqual([2e6, 5e6]);
    const trembling = make_matrix(of_delays(3.1e6, 5.2e6), 'region', first);
    expect([trembling.low, trembling.high]).toEqual([2e6, 5e6]);
    const gone = make_matrix(of_delays(3.4e6, 6e6), 'region', trembling);
    expect([gone.low, gone.high]).toEqual([3e6, 7e6]);
  });
  it('walks with the arrow keys and stays under the diagonal when split', () => {
    expect(moved({ row: 1, column: 0, back: false }, 'ArrowRight', 4, true)).toEqual({
      row: 1,
      column: 0,
      back: false,
    });
    expect(moved({ row: 1, column: 0, back: true }, 'ArrowDown', 4, true)).toEqual({ row: 2, column: 0, back: true });
    expect(moved({ row: 1, column: 0, back: false }, 'ArrowRight', 4, false)).toEqual({
      row: 1,
      column: 2,
      back: false,
    });
    expect(moved({ row: 3, column: 3 - 1, back: false }, 'ArrowRight', 4, false)).toEqual({
      row: 3,
      column: 2,
      back: false,
    });
    for (const key of ['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']) {
      for (let r = 1; r < 4; r++)
        for (let c = 0; c < r; c++) {
          const to = moved({ row: r, column: c, back: false }, key, 4, true);
          expect(to.column).toBeLessThan(to.row);
          expect(to.row).toBeLessThan(4);
        }
    }
  });
  it('turns the ends round in the lower half', () => {
    expect(ends_of({ row: 1, column: 0, back: false }, ['a', 'b'])).toEqual({ source: 'b', target: 'a' });
    expect(ends_of({ row: 1, column: 0, back: true }, ['a', 'b'])).toEqual({ source: 'a', target: 'b' });
    expect(ends_of({ row: 1, column: 1, back: false }, ['a', 'b'])).toBeNull();
  });
});

describe('vantage', () => {
  const well: NonNullable<Vantage> = {
    links: [{ name: 'eth0', up: true, speed_mbit: 1000, rx_errors: 0, tx_errors: 0 }],
    families: [{ family: 4, has_address: true, has_default_route: true, gateway_answers: true, gateway: '10.0.0.1' }],
    clock: { synchronised: true, bound_ns: 1000, stepped_ns: 0, source: 'kernel' },
    cpu_busy_ratio: 0.1,
    complaints: [],
  };
  const verdicts = (v: Vantage) => marks_of(v).map((m) => m.verdict);
  it('gives five verdicts', () => expect(verdicts(well)).toEqual(['good', 'good', 'good', 'good', 'good']));
  it('does not call good what it does not know', () =>
    expect(verdicts(null)).toEqual(['unknown', 'unknown', 'unknown', 'unknown', 'unknown']));
  it('names what is wrong', () => {
    expect(verdicts({ ...well, cpu_busy_ratio: 0.99, clock: { ...well.clock!, synchronised: false } })).toEqual([
      'good',
      'good',
      'good',
      'bad',
      'bad',
    ]);
    const families = [
      { ...well.families[0]!, gateway_answers: false },
      { ...well.families[0]!, family: 6 as const, has_address: false, has_default_route: false },
    ];
    expect(marks_of({ ...well, families }).map((m) => m.troubles.map((t) => t.kind))).toEqual([
      [],
      ['family_missing'],
      ['gateway_silent'],
      [],
      [],
    ]);
  });
});

describe('dictionaries', () => {
  it('say everything in both languages with the same words to fill in', () => {
    const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(zh[key], key).toBeTruthy();
      expect(holes(zh[key]), key).toEqual(holes(en[key]));
    }
  });
  it('are filled', () => expect(fill('{a} of {b} {c}', { a: 1, b: 2 })).toBe('1 of 2 {c}'));
});

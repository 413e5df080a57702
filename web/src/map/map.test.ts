import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Link, PathRow, Site } from '../api/types';
import { ring, site_health } from './health';
import { place_labels, text_width } from './labels';
import { access_sites, lay_out } from './layout';
import { changed_settings, check, FIELD_NAMES, FIELDS, parse_number, shown, type FieldName } from './link_form';
import { fit, pan, project, to_screen, zoom_at } from './projection';
import { spread } from './spread';

const settings = {
  delay_us: 1500,
  jitter_us: 120,
  loss_ratio: 0.00002,
  rate_bps: 1e9,
  queue_ms: 60,
  reorder_ratio: 0,
  duplicate_ratio: 0,
  mtu: 0,
};
const link = (id: string, a: string, b: string, kind = 'core'): Link => ({
  id,
  a,
  b,
  kind,
  state: 'up',
  settings: { forward: settings, backward: settings },
  changed: false,
});
const site = (id: string, lat: number, lon: number, kind = 'city'): Site => ({
  id,
  name: { en: id, zh: id },
  kind,
  lat,
  lon,
  access: [],
  probe: null,
});

describe('projection', () => {
  it('is web mercator', () => {
    expect(project(0, 0)).toEqual([0.5, 0.5]);
    const [x, y] = project(113.264, 23.129);
    // The same by the other textbook form, y = (1 − asinh(tan φ)/π)/2.
    expect(x).toBeCloseTo(0.814622, 5);
    expect(y).toBeCloseTo((1 - Math.asinh(Math.tan((23.129 * Math.PI) / 180)) / Math.PI) / 2, 10);
  });
  it('fits a box into the frame', () => {
    const view = fit([112, 22, 115, 24], 800, 500, 40);
    for (const [lon, lat] of [
      [112, 22],
      [115, 24],
    ] as const) {
      const [px, py] = to_screen(view, 800, 500, ...project(lon, lat));
      expect(px).toBeGreaterThanOrEqual(39.9);
      expect(px).toBeLessThanOrEqual(760.1);
      expect(py).toBeGreaterThanOrEqual(39.9);
      expect(py).toBeLessThanOrEqual(460.1);
    }
  });
  it('keeps the point under the pointer when zooming', () => {
    const view = fit([112, 22, 115, 24], 800, 500, 40);
    const place = project(113, 23);
    const before = to_screen(view, 800, 500, ...place);
    const after = to_screen(zoom_at(view, 800, 500, ...before, 2, 0, 1e12), 800, 500, ...place);
    expect(after[0]).toBeCloseTo(before[0], 5);
    expect(after[1]).toBeCloseTo(before[1], 5);
    expect(to_screen(pan(view, 30, -10), 800, 500, ...place)[0]).toBeCloseTo(before[0] + 30, 5);
  });
});

describe('land', () => {
  const land = JSON.parse(readFileSync(new URL('./land.json', import.meta.url), 'utf8')) as {
    licence: string;
    rings: number[][];
  };
  function on_land(lon: number, lat: number): boolean {
    let inside = false;
    for (const r of land.rings) {
      for (let i = 0, j = r.length - 2; i < r.length; j = i, i += 2) {
        const [xi, yi, xj, yj] = [r[i]!, r[i + 1]!, r[j]!, r[j + 1]!];
        if (yi > lat !== yj > lat && lon < ((xj - xi) * (lat - yi)) / (yj - yi) + xi) inside = !inside;
      }
    }
    return inside;
  }
  it('is named as public domain', () => expect(land.licence).toBe('public domain'));
  it('has Guangzhou and Huizhou on land, the estuary and the sea as water', () => {
    expect(on_land(113.264, 23.129)).toBe(true);
    expect(on_land(114.416, 23.112)).toBe(true);
    expect(on_land(113.75, 22.4)).toBe(false);
    expect(on_land(114.5, 21.2)).toBe(false);
  });
});

describe('spread', () => {
  const spots = ['a', 'b', 'c', 'd'].map((id, i) => ({ id, x: 100, y: 100, radius: 6, weight: i === 0 ? 8 : 1 }));
  it('moves sites at one place apart, heavy ones least', () => {
    const at = spread(spots, 4);
    for (const a of spots)
      for (const b of spots)
        if (a.id < b.id) {
          expect(Math.hypot(at.get(a.id)!.x - at.get(b.id)!.x, at.get(a.id)!.y - at.get(b.id)!.y)).toBeGreaterThan(13);
        }
    const shift = (id: string) => Math.hypot(at.get(id)!.x - 100, at.get(id)!.y - 100);
    expect(shift('a')).toBeLessThan(shift('d'));
  });
  it('leaves sites alone that have room, and is repeatable', () => {
    const far = [{ ...spots[0]! }, { ...spots[1]!, x: 200 }];
    expect(spread(far, 4).get('b')).toEqual({ x: 200, y: 100 });
    expect(spread(spots, 4)).toEqual(spread(spots, 4));
  });
});

describe('labels', () => {
  it('never cover each other or a site', () => {
    const wishes = Array.from({ length: 12 }, (_, i) => ({
      id: `s${i}`,
      x: 150 + (i % 4) * 40,
      y: 100 + Math.floor(i / 4) * 30,
      clear: 8,
      width: 60,
      height: 14,
      rank: i,
    }));
    const placed = place_labels(
      wishes,
      wishes.map((w) => ({ x: w.x, y: w.y, radius: 6 })),
      [],
      { width: 500, height: 300 },
    );
    expect(placed.length).toBeGreaterThan(3);
    const rects = placed.map((p) => {
      const x0 = p.anchor === 'start' ? p.x : p.anchor === 'end' ? p.x - 60 : p.x - 30;
      return { x0, x1: x0 + 60, y0: p.y - 7, y1: p.y + 7 };
    });
    rects.forEach((a, i) =>
      rects.slice(i + 1).forEach((b) => expect(a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1).toBe(false)),
    );
  });
  it('count Chinese characters as square', () => expect(text_width('珠江', 12)).toBe(24));
  it('keep off the buttons', () => {
    const wish = [{ id: 'a', x: 50, y: 50, clear: 5, width: 30, height: 12, rank: 1 }];
    expect(place_labels(wish, [], [], { width: 100, height: 100 }, [{ x0: 0, x1: 100, y0: 0, y1: 100 }])).toEqual([]);
  });
});

describe('layout', () => {
  it('knows access sites and lays parallel links side by side', () => {
    const links = [link('x', 'gz', 'sz'), link('y', 'gz', 'sz'), link('z', 'gz', 'gz-5g', 'access-5g')];
    expect(access_sites(links)).toEqual(new Set(['gz-5g']));
    const sites = [site('gz', 23.129, 113.264), site('sz', 22.543, 114.058), site('gz-5g', 23.129, 113.264)];
    const view = fit([112, 22, 115, 24], 800, 500, 40);
    const out = lay_out(sites, links, view, 800, 500, (s) => s.id, 12, true, []);
    expect(out.links).toHaveLength(3);
    expect(out.links[0]!.x0).not.toBeCloseTo(out.links[1]!.x0, 1);
    expect(out.labels.map((l) => l.id).sort()).toEqual(['gz', 'gz-5g', 'sz']);
  });
});

describe('site health', () => {
  it('counts both ends of a path, and rings show even one broken path', () => {
    const row = (a: string, b: string, state: string, family = 4) =>
      ({ source_site: a, target_site: b, state, family }) as unknown as PathRow;
    const rows = [row('a', 'b', 'good'), row('b', 'a', 'broken', 6), row('a', 'c', 'good')];
    const health = site_health(rows, '');
    expect(health.get('a')).toMatchObject({ total: 3, bad: 1 });
    expect(site_health(rows, '4').get('a')).toMatchObject({ total: 2, bad: 0 });
    expect(ring(health.get('a'), 0, 0, 5).map((r) => r.state)).toEqual(['broken', 'good']);
    expect(ring(undefined, 0, 0, 5)[0]!.state).toBe('unknown');
  });
});

describe('link form', () => {
  const before = Object.fromEntries(FIELD_NAMES.map((n) => [n, shown(n, settings)])) as Record<FieldName, string>;
  it('shows people’s units, all settings that the API knows', () => {
    expect(before).toMatchObject({ delay: '1.5', jitter: '0.12', loss: '0.002', rate: '1000' });
    expect(FIELD_NAMES.map((n) => FIELDS[n].api).sort()).toEqual(Object.keys(settings).sort());
  });
  it('sets queue, MTU, reordering and duplication too', () => {
    const typed = { ...before, queue: '12.5', mtu: '1400', reorder: '0.5', duplicate: '1' };
    expect(changed_settings(typed, before)).toEqual({
      queue_ms: 12.5,
      mtu: 1400,
      reorder_ratio: 0.005,
      duplicate_ratio: 0.01,
    });
    expect(check('mtu', '1400.5')).toEqual({ kind: 'whole' });
    expect(check('queue', '10001')).toMatchObject({ kind: 'range', high: 10_000 });
  });
  it('sends only what changed, in the API’s units', () => {
    expect(changed_settings(before, before)).toEqual({});
    expect(changed_settings({ ...before, delay: '40', loss: '2' }, before)).toEqual({
      delay_us: 40_000,
      loss_ratio: 0.02,
    });
  });
  it('understands a decimal comma and names faults', () => {
    expect(parse_number('1,5')).toBe(1.5);
    for (const bad of ['', 'x', '1.2.3', '--1', 'NaN', 'Infinity'])
      expect(check('delay', bad)).toEqual({ kind: 'number' });
    expect(check('loss', '101')).toEqual({ kind: 'range', low: 0, high: 100, unit: '%' });
    expect(check('loss', '100')).toBeNull();
  });
});

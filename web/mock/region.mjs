// The bundled region, read from its file, with geography turned into delay about as the lab does. For developing only.

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const file = parse(readFileSync(new URL('../../src/lab/regions/delta.yaml', import.meta.url), 'utf8'));
export const title = file.title;

const UNITS = { ns: 1e-3, us: 1, ms: 1e3, s: 1e6, bit: 1, k: 1e3, M: 1e6, G: 1e9, '%': 0.01, ppm: 1e-6 };
function quantity(text, otherwise) {
  if (text === undefined) return otherwise;
  const [, figure, unit] = /^([\d.]+)\s*([A-Za-z%]*)$/.exec(String(text));
  return Number(figure) * (UNITS[unit] ?? 1);
}

export const sites = file.sites.map((s, i) => ({
  id: s.id,
  name: s.name,
  kind: s.kind,
  lat: s.at[0],
  lon: s.at[1],
  access: s.access ?? [],
  probe: s.kind === 'router' || s.measures === false ? null : (i + 17).toString(16).padStart(2, '0').repeat(16),
}));
export const site_of = new Map(sites.map((s) => [s.id, s]));

function distance_km(a, b) {
  const rad = Math.PI / 180;
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  return Math.hypot(x, (b.lat - a.lat) * rad) * 6371;
}

function direction(spec, km) {
  return {
    delay_us: Math.round(quantity(spec.delay, (km * 1.4) / 0.2) + quantity(spec.extra_delay, 0)),
    jitter_us: quantity(spec.jitter, 0),
    loss_ratio: quantity(spec.loss, 0),
    rate_bps: quantity(spec.rate, 0),
    queue_ms: quantity(spec.queue, 0) / 1000,
    reorder_ratio: quantity(spec.reorder, 0),
    duplicate_ratio: 0,
    mtu: 0,
  };
}

export const links = file.links.map((l) => {
  const [a, b] = l.between;
  const kind = file.link_kinds[l.kind];
  const km = distance_km(site_of.get(a), site_of.get(b));
  const side = (name) => direction({ ...kind, ...kind[name], ...l, ...l[name] }, km);
  return {
    id: l.id ?? `${a}--${b}`,
    a,
    b,
    kind: l.kind,
    state: 'up',
    settings: { forward: side('forward'), backward: side('backward') },
    changed: false,
  };
});
export const planned = new Map(links.map((l) => [l.id, structuredClone(l)]));

// Made-up but plausible measurements over the mock region: shortest paths, a daily swell, jitter, bursts of loss, and the
// consequences of failed or changed links. Deterministic in (path, time).

import { links, site_of, sites } from './region.mjs';

export const FAR_FUTURE = Infinity;
/** link id → [{from, to}] when it was down, so that history and now agree. */
export const outages = new Map();

function hash(text) {
  let h = 2166136261;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}
export function noise(seed, n) {
  let x = Math.imul(seed ^ (n + 0x9e3779b9), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
}

export function route(from, to) {
  const dist = new Map([[from, 0]]);
  const via = new Map();
  const todo = new Set(sites.map((s) => s.id));
  while (todo.size) {
    let best = null;
    for (const id of todo) if (dist.has(id) && (best === null || dist.get(id) < dist.get(best))) best = id;
    if (best === null || best === to) break;
    todo.delete(best);
    for (const l of links) {
      const other = l.a === best ? l.b : l.b === best ? l.a : null;
      if (!other) continue;
      const d = dist.get(best) + l.settings.forward.delay_us + 50;
      if (d < (dist.get(other) ?? FAR_FUTURE)) {
        dist.set(other, d);
        via.set(other, { link: l, from: best });
      }
    }
  }
  const hops = [];
  for (let at = to; at !== from; at = via.get(at).from) {
    if (!via.has(at)) return null;
    hops.push({ link: via.get(at).link, forward: via.get(at).link.a === via.get(at).from });
  }
  return hops.reverse();
}

const PROBES = sites.filter((s) => s.probe);
export const paths = [];
for (const a of PROBES) {
  for (const b of PROBES) {
    if (a.id === b.id) continue;
    for (const [method, family] of [
      ['echo', 4],
      ['echo', 6],
      ['stamp', 4],
    ]) {
      if (method === 'stamp' && (hash(a.id + b.id) & 3) !== 0 && a.kind === 'city' && b.kind === 'city') continue;
      const id = (hash(`${a.id}>${b.id}`) * 65536 + (hash(`${method}${family}`) % 65536))
        .toString(16)
        .padStart(16, '0')
        .slice(-16);
      paths.push({ id, a: a.id, b: b.id, method, family, seed: hash(id), hops: route(a.id, b.id) });
    }
  }
}
export const path_of = new Map(paths.map((p) => [p.id, p]));

const down = (link, t) => (outages.get(link.id) ?? []).some((o) => t >= o.from && t < o.to);

/** One window at time t, `scale_ms` long. */
export function measure(path, t, scale_ms = 10_000) {
  const slot = Math.floor(t / scale_ms);
  const sent = Math.round(scale_ms / 100);
  const hops = path.hops;
  const fault6 =
    path.family === 6 && (path.a === 'factory' || path.b === 'factory') && site_of.get(path.a).kind === 'datacentre';
  if (hops.some((h) => down(h.link, t)) || fault6) return { sent, lost: sent, lost_forward: sent, lost_backward: 0 };
  let forward = 0,
    backward = 0,
    jitter = 0,
    keep_f = 1,
    keep_b = 1;
  for (const h of hops) {
    const f = h.forward ? h.link.settings.forward : h.link.settings.backward;
    const b = h.forward ? h.link.settings.backward : h.link.settings.forward;
    forward += f.delay_us;
    backward += b.delay_us;
    jitter += f.jitter_us + b.jitter_us;
    keep_f *= 1 - f.loss_ratio;
    keep_b *= 1 - b.loss_ratio;
  }
  const day = 0.5 - 0.5 * Math.cos((2 * Math.PI * ((t / 3600e3 + 8 - 4) % 24)) / 24);
  const burst = noise(path.seed >>> 3, Math.floor(t / 400e3)) > 0.965 ? 1 + 3 * noise(path.seed, slot) : 1;
  const n = noise(path.seed, slot),
    m = noise(path.seed ^ 77, slot);
  const wide = jitter * (0.6 + 0.9 * day) * burst;
  const base = forward + backward + path.hops.length * 22 + (path.family === 6 ? 38 : 0) + wide * 0.25 * (n + m);
  const q = (k) => Math.round((base + wide * k) * 1000);
  const rtt = {
    min: q(0),
    p5: q(0.06),
    p25: q(0.2 + 0.05 * n),
    p50: q(0.4 + 0.15 * m),
    p75: q(0.7 + 0.2 * m),
    p95: q(1.3 + 0.5 * n),
    p99: q(2 + n),
    max: q(2.3 + 5 * n * n * m),
    mean: q(0.5),
  };
  const lf = binomial(sent, (1 - keep_f) * burst, noise(path.seed ^ 5, slot)),
    lb = binomial(sent, (1 - keep_b) * burst, noise(path.seed ^ 9, slot));
  return {
    sent,
    lost: Math.min(sent, lf + lb),
    lost_forward: lf,
    lost_backward: lb,
    rtt,
    one: [one_way(rtt, 0.49, 310e3), one_way(rtt, 0.51, -310e3)],
    jitter: wide,
  };
}
function binomial(n, p, u) {
  const mean = n * p;
  return Math.floor(mean + (u < mean % 1 ? 1 : 0) + (u > 0.97 ? mean * 2 : 0));
}
function one_way(rtt, share, offset) {
  return Object.fromEntries(
    ['min', 'p5', 'p25', 'p50', 'p75', 'p95', 'p99', 'max'].map((k) => [k, Math.round(rtt[k] * share + offset)]),
  );
}

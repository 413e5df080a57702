// The mock's answers in the shapes of docs/openapi.yaml.

import { links, planned, site_of, sites, title } from './region.mjs';
import { measure, outages, path_of, paths } from './physics.mjs';

export const started = Date.now();
const HISTORY_FROM = started - 95 * 86400e3;
export const changes = [];
let change_id = 0;
export function change(kind, subject, en, zh, at = Date.now()) {
  const c = { id: ++change_id, unix_ms: at, kind, subject, text: { en, zh } };
  changes.unshift(c);
  return c;
}
const since = new Map();
const state_was = new Map();

function state_of(path, w) {
  if (path.a === 'zq-fixed') return 'sick';
  if (path.id.endsWith('7f')) return 'stale';
  if (!w.rtt) return 'broken';
  const base = path.hops.reduce((n, h) => {
    const p = planned.get(h.link.id).settings;
    return n + p.forward.delay_us + p.backward.delay_us;
  }, 0);
  return w.lost / w.sent > 0.01 || w.rtt.p50 / 1000 > base * 1.25 + 4000 ? 'degraded' : 'good';
}

export function row(path, now = Date.now()) {
  const w = measure(path, now, 60_000);
  const state = state_of(path, w);
  if (state_was.get(path.id) !== state) {
    since.set(path.id, state_was.has(path.id) ? now : started - 40 * 60e3);
    state_was.set(path.id, state);
  }
  const r = w.rtt,
    s = path.method === 'stamp';
  return {
    id: path.id,
    probe: site_of.get(path.a).probe,
    source_site: path.a,
    target: `${path.b}.lab`,
    target_site: path.b,
    method: path.method,
    family: path.family,
    plan_item: 'mesh',
    access: site_of.get(path.a).access.length === 1 ? site_of.get(path.a).access[0] : null,
    address: path.family === 6 ? `fd00:${path.b.length}::${path.seed % 99}` : `10.80.${path.seed % 200}.1`,
    dscp: 0,
    payload_bytes: 56,
    interval_ms: 100,
    state,
    since_unix_ms: since.get(path.id),
    last_unix_ms: state === 'stale' ? now - 190e3 : now - 2000,
    outcome: r ? 'answered' : 'no_answer',
    timestamp_source: 'kernel',
    during_test: false,
    error_bound: 1300 + (path.seed % 900),
    clock_bound: s ? 420_000 : null,
    minute: {
      windows: 6,
      sent: w.sent,
      received: w.sent - w.lost,
      lost: w.lost,
      loss_ratio: w.lost / w.sent,
      rtt_min: r?.min ?? null,
      rtt_p50: r?.p50 ?? null,
      rtt_p95: r?.p95 ?? null,
      rtt_p99: r?.p99 ?? null,
      rtt_max: r?.max ?? null,
      forward_p50: s && r ? w.one[0].p50 : null,
      backward_p50: s && r ? w.one[1].p50 : null,
      ipdv_p99: r ? Math.round(w.jitter * 900) : null,
      lost_forward: s ? w.lost_forward : null,
      lost_backward: s ? w.lost_backward : null,
      duplicated: 0,
      reordered: 0,
    },
  };
}
export const rows = () => paths.map((p) => row(p));
const label = (p) => [site_of.get(p.a).name, site_of.get(p.b).name];

export function detail(id) {
  const p = path_of.get(id);
  if (!p) return null;
  const r = row(p),
    [a, b] = label(p),
    ms = r.minute.rtt_p50 ? (r.minute.rtt_p50 / 1e6).toFixed(3) : null;
  const back = paths.find((o) => o.a === p.b && o.b === p.a && o.method === p.method && o.family === p.family);
  return {
    ...r,
    reverse: back?.id ?? null,
    measure_by_hand: `gnomon lab exec ${p.a} -- gnomon ping ${p.b}.lab -${p.family}${p.method === 'stamp' ? ' --stamp' : ''} -i 100ms`,
    sentence: ms
      ? {
          en: `${a.en} reaches ${b.en} over IPv${p.family} in ${ms} ms (median of the last minute).`,
          zh: `${a.zh}经 IPv${p.family} 到${b.zh}的往返时延为 ${ms} ms（最近一分钟中位数）。`,
        }
      : {
          en: `Nothing sent from ${a.en} to ${b.en} over IPv${p.family} is answered.`,
          zh: `从${a.zh}经 IPv${p.family} 发往${b.zh}的报文没有任何应答。`,
        },
  };
}

const LEVELS = [
  ['raw', 10_000, 7 * 86400e3],
  ['1m', 60_000, 30 * 86400e3],
  ['1h', 3600e3, 400 * 86400e3],
  ['1d', 86400e3, 4000 * 86400e3],
];
export function series(id, from, to, wanted) {
  const p = path_of.get(id);
  if (!p) return null;
  const s = p.method === 'stamp';
  const [level, base] =
    LEVELS.find(([, ms, keep]) => (to - from) / ms <= wanted * 3 && Date.now() - from < keep) ?? LEVELS[3];
  const step = base * Math.max(1, Math.ceil((to - from) / wanted / base));
  const points = [];
  for (let t = Math.ceil(Math.max(from, HISTORY_FROM) / step) * step; t + step <= Math.min(to, Date.now()); t += step) {
    if (t % (3600e3 * 5) < 240e3 && (t % (3600e3 * 5)) + step <= 250e3 && step < 240e3) continue;
    const w = measure(p, t, step);
    points.push({
      start: t,
      duration_ms: step,
      sent: w.sent,
      received: w.sent - w.lost,
      lost: w.lost,
      duplicated: 0,
      reordered: 0,
      lost_forward: s ? w.lost_forward : null,
      lost_backward: s ? w.lost_backward : null,
      reordered_forward: s ? 0 : null,
      reordered_backward: s ? 0 : null,
      marks: p.seed % 3 === 0 && t % 1800e3 < step ? 1 : 0,
      outcome: w.rtt ? 'answered' : 'no_answer',
      rtt: w.rtt ?? null,
      forward: s && w.rtt ? w.one[0] : null,
      backward: s && w.rtt ? w.one[1] : null,
      ipdv: w.rtt ? { p50: w.jitter * 200, p95: w.jitter * 600, p99: w.jitter * 900 } : null,
      error_bound: 1300,
      clock_bound: s ? 420_000 : null,
    });
  }
  const marks = changes
    .filter((c) => c.unix_ms >= from && c.unix_ms < to && c.subject.link)
    .map((c) => ({ unix_ms: c.unix_ms, kind: c.kind, text: c.text }));
  return { id, from, to, step_ms: step, level, points, marks };
}

export function counts(list) {
  const c = { total: list.length, good: 0, degraded: 0, broken: 0, stale: 0, sick: 0, unknown: 0 };
  for (const r of list) c[r.state]++;
  return c;
}
export function status() {
  const up = (Date.now() - started) / 1000;
  return {
    version: '0.1.0-mock',
    uptime_s: up,
    lab: true,
    region: 'delta',
    probes: { known: 20, alive: 18 },
    paths: counts(rows()),
    windows_stored: 4_183_220 + Math.round((up * paths.length) / 10),
    journal: { records: 91_204 + Math.round(up * 2), bytes: 812_400_000, segments: 13 },
    ledger: {
      size: 91_204 + Math.round(up * 2),
      root: 'mEOd7Gvw0v8cJ5x0vD0Wq7a5yH1S8b3h9p7E2y4kQ0o=',
      checkpoint_unix_ms: Date.now() - 600,
    },
    lag: { records: 3, ms: 180 },
    store: { bytes: 431_200_000, levels: levels() },
    disk: { free_bytes: 81_300_000_000, refusing: false },
    ingest: { batches_stored: 91_204, batches_duplicate: 12, batches_refused_key: 5, batches_bad: 0 },
    now_unix_ms: Date.now(),
  };
}
const levels = () =>
  [
    ['raw', 4_183_220, 310e6, 604800],
    ['1m', 812_300, 92e6, 7_776_000],
    ['1h', 40_120, 24e6, 63_072_000],
    ['1d', 1_902, 5.2e6, 315_360_000],
  ].map(([name, n, bytes, retention_s]) => ({
    name,
    rows: n,
    bytes,
    retention_s,
    oldest_unix_ms: started - 5 * 86400e3,
  }));
export const storage = () => ({
  bytes: 431_200_000,
  levels: levels(),
  journal: status().journal,
  disk: status().disk,
  settings: { retention_min_s: 3600, retention_max_s: 3155760000 },
});
export const region = () => ({ name: 'delta', lab: true, title, bounds: [112.3, 22.1, 114.6, 23.4], sites, links });

export function mesh(figure, family, method, minutes) {
  const cells = paths
    .filter((p) => p.family === family && p.method === method)
    .map((p) => {
      const r = row(p);
      return {
        source: p.a,
        target: p.b,
        path: p.id,
        value: r.minute[figure],
        sent: r.minute.sent * minutes,
        state: r.state,
      };
    });
  return { figure, family, method, minutes, sites: sites.map((s) => s.id), cells };
}

export function overview() {
  const list = rows(),
    now = Date.now();
  const p50 = list
    .map((r) => r.minute.rtt_p50)
    .filter(Boolean)
    .sort((a, b) => a - b);
  const changed = list
    .map((r) => {
      const p = path_of.get(r.id),
        before = measure(p, now - 3000e3, 60_000),
        after = r.minute;
      const loss = after.loss_ratio - before.lost / before.sent,
        delay = Math.abs((after.rtt_p50 ?? 0) - (before.rtt?.p50 ?? 0)) / (before.rtt?.p50 ?? 1);
      return { p, loss, delay: after.rtt_p50 ? delay : 0, before, after };
    })
    .sort((a, b) => b.loss * 3 + b.delay - a.loss * 3 - a.delay)
    .slice(0, 12)
    .map(({ p, loss, before, after }) => ({
      path: p.id,
      kind: loss > 0.05 ? 'loss' : 'delay',
      before: loss > 0.05 ? before.lost / before.sent : (before.rtt?.p50 ?? null),
      after: loss > 0.05 ? after.loss_ratio : after.rtt_p50,
      spark: Array.from({ length: 60 }, (_, i) => measure(p, now - (59 - i) * 60e3, 60_000).rtt?.p50 ?? null),
    }));
  const six = list.filter((r) => r.family === 6);
  return {
    now: {
      paths: counts(list),
      rtt_p50: p50[p50.length >> 1],
      rtt_p99: p50[Math.floor(p50.length * 0.99)] * 1.2,
      loss_ratio: list.reduce((n, r) => n + r.minute.lost, 0) / list.reduce((n, r) => n + r.minute.sent, 0),
      ipv6_good: six.filter((r) => r.state === 'good').length,
      ipv6_total: six.length,
      ipv6_minus_ipv4_ns: 39_000,
    },
    changed,
    links: links
      .filter((l) => l.state === 'up')
      .flatMap((l) => {
        const p = paths.find(
          (x) => x.hops.length === 1 && x.hops[0].link === l && x.family === 4 && x.method === 'echo',
        );
        return p
          ? [{ id: l.id, rtt_p50: row(p).minute.rtt_p50, loss_ratio: row(p).minute.loss_ratio, state: 'up' }]
          : [];
      }),
  };
}

export const refused = [
  {
    public_key_hex: '5f'.repeat(32),
    probe_id: 'c4'.repeat(16),
    name: 'hz-campus',
    first_unix_ms: started - 600e3,
    last_unix_ms: Date.now() - 20e3,
    count: 5,
  },
];
export const extra_probes = [];
export function probes() {
  const now = Date.now();
  const list = sites
    .filter((s) => s.probe)
    .map((s, i) => {
      const sick = s.id === 'zq-fixed',
        silent = s.id === 'road';
      return {
        id: s.probe,
        name: s.id,
        site: s.id,
        enrolled_unix_ms: started - 5 * 86400e3,
        last_seen_unix_ms: silent ? now - 340e3 : now - ((i * 373) % 9000),
        version: s.id === 'jm-fixed' ? '0.0.9' : '0.1.0',
        state: sick ? 'sick' : silent ? 'silent' : 'alive',
        sequence: 3800 + i * 7,
        spool: {
          bytes: silent ? 5.1e6 : i % 5 === 0 ? 18_200 : 0,
          limit_bytes: 64e6,
          batches: silent ? 34 : i % 5 === 0 ? 1 : 0,
        },
        vantage: {
          links: [{ name: 'eth0', up: true, speed_mbit: 10000, rx_errors: 0, tx_errors: 0 }],
          families: [4, 6].map((f) => ({
            family: f,
            has_address: !(f === 6 && s.id === 'factory'),
            has_default_route: !(f === 6 && s.id === 'factory'),
            gateway_answers: !sick,
            gateway: f === 4 ? '10.80.0.254' : 'fd00::fe',
          })),
          clock: {
            synchronised: s.id !== 'hz-fixed',
            bound_ns: s.id === 'hz-fixed' ? 180e6 : 420_000 + i * 9000,
            stepped_ns: 0,
            source: 'chrony',
          },
          cpu_busy_ratio: sick ? 0.97 : 0.02 + (i % 7) / 60,
          complaints: sick ? ['the gateway 10.80.0.254 has not answered for 42 s', 'CPU 97 % busy'] : [],
        },
        paths: paths.filter((p) => p.a === s.id).length,
        dropped_windows: 0,
        packets_late: sick ? 112 : 0,
        plan_revision: 'b1946ac92492d234',
      };
    });
  return { probes: [...list, ...extra_probes], refused };
}

export function set_link(id, { action, direction, settings }) {
  const link = links.find((l) => l.id === id);
  if (!link) return null;
  const now = Date.now(),
    using = paths.filter((p) => p.hops.some((h) => h.link === link)).length;
  const list = outages.get(id) ?? [];
  const sides = direction === `${link.b}-${link.a}` ? ['backward'] : direction ? ['forward'] : ['forward', 'backward'];
  if (action === 'fail') {
    link.state = 'down';
    outages.set(id, [...list, { from: now, to: Infinity }]);
  }
  if (action === 'heal' && link.state === 'up') link.settings = structuredClone(planned.get(id).settings);
  if (action === 'heal') {
    link.state = 'up';
    for (const o of list) if (o.to === Infinity) o.to = now;
  }
  if (action === 'set') for (const s of sides) Object.assign(link.settings[s], settings);
  link.changed = link.state === 'down' || JSON.stringify(link.settings) !== JSON.stringify(planned.get(id).settings);
  const words = { fail: ['is down', '已断开'], heal: ['is healed', '已恢复'], set: ['is changed', '已调整'] }[action];
  const text = {
    en: `Link ${id} ${words[0]} (${direction ?? 'both directions'}). ${using} of ${paths.length} paths use it.`,
    zh: `链路 ${id} ${words[1]}（${direction ?? '双向'}），${paths.length} 条路径中有 ${using} 条经过它。`,
  };
  return {
    answer: { link, message: text, paths_using: using },
    change: change(
      { fail: 'link_failed', heal: 'link_healed', set: 'link_set' }[action],
      { link: id },
      text.en,
      text.zh,
    ),
    using,
  };
}

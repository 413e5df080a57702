// GET access and access/results: made-up tests of a fixed and a 5G line at each site, the same for the same time.

import { sites } from './region.mjs';
import { noise } from './physics.mjs';

const DAY = 86_400_000;
const STEP = DAY / 4;
const LINES = [
  { network: 'fixed', access: 'fixed', down: 940e6, up: 930e6, idle: 4e6, queue: 6e6, evening: 1 },
  { network: '5g', access: '5g', down: 610e6, up: 84e6, idle: 18e6, queue: 62e6, evening: 0.6 },
];
const KINDS = [
  ['tcp', 'down'],
  ['tcp', 'up'],
  ['udp', 'down'],
  ['udp', 'up'],
  ['responsiveness', 'both'],
];
const probe_of = (i) => (i + 1).toString(16).padStart(32, '0');
const CHINA_S = 8 * 3600;
const hour_of = (ms, offset_s = CHINA_S) => new Date(ms + 1000 * offset_s).getUTCHours();
const weekday_of = (ms, offset_s) => new Date(ms + 1000 * offset_s).getUTCDay() || 7;

function test_of(site, i, line, [method, direction], start) {
  const busy = hour_of(start) >= 19 && hour_of(start) < 23;
  const share = 1 - 0.03 * (i % 7);
  const bps = Math.round(
    line[direction === 'up' ? 'up' : 'down'] *
      share *
      (busy ? line.evening : 1) *
      (0.97 + 0.06 * noise(i, Math.floor(start / STEP))) *
      (method === 'udp' ? 1.05 : 1),
  );
  const capacity = method !== 'responsiveness';
  const udp = method === 'udp';
  const refused = capacity && Math.floor(start / STEP + i) % 29 === 0;
  const policed = capacity && !refused && line.network === '5g' && i % 5 === 0;
  const known = (value) => (refused ? null : value);
  return {
    record: (Math.floor(start / STEP) % 10_000) * 100 + 2 * i + LINES.indexOf(line),
    place: KINDS.findIndex(([m, d]) => m === method && d === direction),
    probe: probe_of(i),
    site,
    start_ms: start,
    duration_ms: refused ? 12 : 10_000,
    plan_item: 'access',
    target: 'dc-1',
    target_site: 'dc-1',
    address: '2001:db8::7',
    port: 7681,
    family: 6,
    method,
    direction,
    streams: udp ? 1 : capacity ? 4 : 12,
    network: line.network,
    access: line.access,
    outcome: refused ? 'refused' : 'done',
    marks: [],
    throughput: capacity ? known(bps) : null,
    throughput_low: capacity ? known(Math.round(bps * 0.99)) : null,
    throughput_high: capacity ? known(Math.round(bps * 1.01)) : null,
    samples: capacity && !refused ? 160 : 0,
    layer: udp ? 'ip' : capacity ? 'tcp' : 'http',
    moved_bytes: refused ? 0 : bps,
    spared_bytes: capacity ? known(Math.round(bps / 4)) : null,
    throughput_up: null,
    idle_p50: known(line.idle),
    idle_p95: known(line.idle * 1.2),
    loaded_p50: udp ? null : known(line.idle + line.queue),
    loaded_p95: udp ? null : known(line.idle + line.queue * 1.3),
    rpm: capacity ? null : Math.round(60e9 / (line.idle + line.queue)),
    rpm_confidence: capacity ? 'unspecified' : 'high',
    delay_variation_mean: udp ? known(line.queue / 2) : null,
    delay_variation_max: udp ? known(line.queue) : null,
    rpm_foreign: null,
    rpm_loaded: null,
    loss_ratio: null,
    retransmission_ratio: capacity && !udp ? known(0.0012) : null,
    reordered_ratio: udp ? known(0) : null,
    verdict: !capacity || refused ? 'unspecified' : policed ? 'policer' : 'network',
    verdict_confidence: capacity ? known(0.95) : null,
    evidence:
      capacity && !refused
        ? [
            { name: 'queue', value: line.queue, unit: 'ns' },
            { name: 'busy_ratio', value: 0.98, unit: '' },
          ]
        : [],
    policer_rate: policed ? bps : null,
    policer_burst: policed ? 4_000_000 : null,
    queue: capacity ? known(line.queue) : null,
    client_cpu: capacity ? known(0.42) : null,
    server_cpu: capacity ? known(0.31) : null,
    congestion_control: capacity ? 'cubic' : '',
    software: 'gnomon 0.1.0',
    rate_search: udp ? 'B' : '',
  };
}

function tests(from, to, site) {
  const list = [];
  sites.forEach((one, i) => {
    if (site && one.id !== site) return;
    for (let at = Math.ceil(from / STEP) * STEP; at < to; at += STEP) {
      const start = at + ((i * 37 + Math.floor(at / STEP) * 11) % 360) * 60_000;
      if (start >= to) continue;
      LINES.forEach((line, l) =>
        KINDS.forEach((kind, k) => list.push(test_of(one.id, i, line, kind, start + (3 * l + k) * 60_000))),
      );
    }
  });
  return list.sort((a, b) => b.start_ms - a.start_ms);
}

function spread(values) {
  const known = values.filter((v) => v !== null).sort((a, b) => a - b);
  if (!known.length) return null;
  return { count: known.length, least: known[0], median: known[(known.length - 1) >> 1], greatest: known.at(-1) };
}

function groups(list, slot_of, by_site) {
  const found = new Map();
  for (const one of list) {
    const head = {
      site: by_site ? one.site : '',
      network: one.network,
      access: one.access,
      method: one.method,
      direction: one.direction,
      slot: slot_of(one),
    };
    const key = JSON.stringify(head);
    if (!found.has(key)) found.set(key, { head, of: [] });
    found.get(key).of.push(one);
  }
  return [...found.values()].map(({ head, of }) => {
    const done = of.filter((one) => one.outcome === 'done');
    const verdicts = {};
    for (const one of done) verdicts[one.verdict] = (verdicts[one.verdict] ?? 0) + 1;
    return {
      ...head,
      tests: of.length,
      done: done.length,
      disturbed: 0,
      moved_bytes: of.reduce((sum, one) => sum + one.moved_bytes, 0),
      newest_unix_ms: of[0].start_ms,
      throughput: spread(done.map((one) => one.throughput)),
      idle_p50: spread(done.map((one) => one.idle_p50)),
      loaded_p50: spread(done.map((one) => one.loaded_p50)),
      rpm: spread(done.map((one) => one.rpm)),
      verdicts,
    };
  });
}

/** The answer of GET access for its query. */
export function access(query) {
  const to = Number(query.get('to') ?? Date.now());
  const from = Number(query.get('from') ?? to - 30 * DAY);
  const offset_s = Number(query.get('utc_offset_s') ?? CHINA_S);
  const list = tests(from, to, query.get('site'));
  const seen = new Set();
  const newest = list.filter((one) => {
    const key = [one.probe, one.network, one.method, one.direction].join(' ');
    return !seen.has(key) && seen.add(key);
  });
  return {
    from_unix_ms: from,
    to_unix_ms: to,
    utc_offset_s: offset_s,
    newest,
    groups: groups(list, () => 0, true),
    hours: groups(list, (one) => hour_of(one.start_ms, offset_s), false),
    weekdays: groups(list, (one) => weekday_of(one.start_ms, offset_s), false),
  };
}

/** The answer of GET access/results for its query. */
export function access_results(query) {
  const to = Number(query.get('to') ?? Date.now());
  const list = tests(Number(query.get('from') ?? to - 7 * DAY), to, query.get('site'));
  const probe = query.get('probe');
  return { results: list.filter((one) => !probe || one.probe === probe).slice(0, Number(query.get('limit') ?? 100)) };
}

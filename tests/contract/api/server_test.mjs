// The running server against docs/openapi.yaml: every operation, good and bad.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import {randomBytes} from 'node:crypto';
import {ask, holdsSchema, met, operations} from './contract.mjs';
import {startFixture} from './fixture.mjs';

let server;
let url;
let admin;
let viewer;
const api = '/api/v1';

before(async () => {
  server = await startFixture();
  url = server.url;
  admin = {authorization: `Bearer ${server.admin_token}`};
  viewer = {authorization: `Bearer ${server.viewer_token}`};
});
after(async () => assert.equal(await server.stop(), 0));

test('status counts what was handed in', async () => {
  const {value} = await ask(url, 'get', `${api}/status`);
  assert.equal(value.probes.known, 3);
  assert.equal(value.probes.alive, 3);
  assert.equal(value.paths.total, 24);
  assert.equal(value.ingest.batches_stored, 180);
  assert.equal(value.journal.records, 180);
  assert.equal(value.lab, true);
  assert.equal(value.store.levels.length, 4);
});

test('region, overview, mesh, probes, storage, schema', async () => {
  const region = (await ask(url, 'get', `${api}/region`)).value;
  assert.deepEqual(region.sites.map((site) => site.id), ['gz', 'ix', 'dc1']);
  assert.match(region.sites[0].probe, /^[0-9a-f]{32}$/);
  const overview = (await ask(url, 'get', `${api}/overview`)).value;
  assert.ok(overview.now.rtt_p50 > 7e6 && overview.now.rtt_p50 < 10e6);
  assert.ok(Math.abs(overview.now.ipv6_minus_ipv4_ns - 1e6) < 2e5);
  assert.deepEqual(overview.links.map((link) => link.id), ['gz--ix', 'ix--dc1']);
  for (const query of ['', '?figure=rtt_p99&family=6&method=stamp&minutes=5', '?figure=loss_ratio&minutes=60']) {
    const mesh = (await ask(url, 'get', `${api}/mesh`, {target: `${api}/mesh${query}`})).value;
    assert.deepEqual(mesh.sites, ['gz', 'ix', 'dc1']);
    assert.equal(mesh.cells.length, 6);
    assert.ok(mesh.cells.every((cell) => cell.value !== null), query);
  }
  const probes = (await ask(url, 'get', `${api}/probes`)).value;
  assert.equal(probes.probes.length, 3);
  assert.ok(probes.probes.every((probe) => probe.state === 'alive' && probe.paths === 8));
  await ask(url, 'get', `${api}/storage`);
  const columns = (await ask(url, 'get', `${api}/schema`)).value.columns;
  assert.ok(columns.some((column) => column.name === 'rtt_min' && column.standard === 'RFC 2681'));
});

test('paths, filters and one path', async () => {
  const count = async (query) => {
    const {value} = await ask(url, 'get', `${api}/paths`, {target: `${api}/paths${query}`});
    return value.paths.length;
  };
  assert.equal(await count(''), 24);
  assert.equal(await count('?family=6'), 12);
  assert.equal(await count('?method=stamp&family=4'), 6);
  assert.equal(await count('?site=gz'), 16);
  assert.equal(await count('?q=dc1%20ipv6%20echo'), 4);
  assert.equal(await count('?state=broken'), 0);
  const path = (await ask(url, 'get', `${api}/paths/{id}`, {target: `${api}/paths/${server.path}`})).value;
  assert.equal(path.state, 'good');
  assert.equal(path.minute.sent, 60);
  assert.match(path.measure_by_hand, /^gnomon lab exec gz -- gnomon ping /);
  assert.match(path.sentence.en, /^gz → ix over IPv4 by echo: 8\.\d\d ms median, 0 % lost over the last minute; good since/);
  assert.match(path.sentence.zh, /最近一分钟时延中位数/);
  const reverse = (await ask(url, 'get', `${api}/paths/{id}`, {target: `${api}/paths/${path.reverse}`})).value;
  assert.equal(reverse.source_site, path.target_site);
  assert.equal(reverse.reverse, path.id);
});

test('series at every width', async () => {
  const template = `${api}/paths/{id}/series`;
  const target = `${api}/paths/${server.path}/series`;
  const hour = (await ask(url, 'get', template, {target})).value;
  assert.ok(hour.points.length >= 59 && hour.points.length <= 61, `${hour.points.length}`);
  assert.equal(hour.level, 'raw');
  assert.ok(hour.points.every((point) => point.rtt.min <= point.rtt.p50 && point.rtt.p99 <= point.rtt.max));
  const few = (await ask(url, 'get', template, {target: `${target}?points=20`})).value;
  assert.ok(few.points.length <= 20 && few.points.length > 0);
  assert.equal(few.points.reduce((sum, point) => sum + point.sent, 0), 600);
  const year = (await ask(url, 'get', template, {target: `${target}?from=${Date.now() - 365 * 86400e3}&points=2000`})).value;
  assert.equal(year.points.reduce((sum, point) => sum + point.sent, 0), 600);
});

test('tests of access networks: newest, groups, hours, weekdays, one by one', async () => {
  const summary = `${api}/access`;
  const list = `${api}/access/results`;
  assert.deepEqual((await ask(url, 'get', summary)).value.groups, []);
  await server.command('access');
  // The parts of an answer are asked one after the other, and the tables fill meanwhile: the first part is the oldest.
  const all = await until(async () => {
    const {value} = await ask(url, 'get', summary);
    return new Set(value.newest.map((one) => one.site)).size === 3 ? value : null;
  });
  // Fixed and 5G at three sites: capacity down and up, responsiveness.
  assert.equal(all.groups.length, 18);
  assert.ok(all.newest.length >= 18);  // a refused test knows no family, which makes it one of its own
  assert.ok(all.newest.every((one, i) => i === 0 || one.start_ms <= all.newest[i - 1].start_ms));
  const group = (site, network, method, direction) => all.groups.find((one) =>
    one.site === site && one.network === network && one.method === method && one.direction === direction);
  const fixed = group('gz', 'fixed', 'tcp', 'down');
  const mobile = group('gz', '5g', 'tcp', 'down');
  assert.ok(fixed.throughput.median > 0.9e9 && fixed.throughput.median < 1e9);
  assert.ok(mobile.throughput.median < fixed.throughput.median);
  assert.ok(fixed.tests >= fixed.done && fixed.done - fixed.disturbed >= fixed.throughput.count);
  assert.ok(fixed.verdicts.network > 0);
  assert.equal(group('gz', 'fixed', 'responsiveness', 'both').throughput, null);
  assert.ok(group('gz', 'fixed', 'responsiveness', 'both').rpm.median > 1000);
  // The cuts hold the same tests.
  const tests = (groups) => groups.reduce((sum, one) => sum + one.tests, 0);
  assert.equal(tests(all.hours), tests(all.groups));
  assert.equal(tests(all.weekdays), tests(all.groups));
  assert.ok(all.weekdays.every((one) => one.slot >= 1 && one.slot <= 7 && one.site === ''));
  const in_china = (await ask(url, 'get', summary, {target: `${summary}?utc_offset_s=28800`})).value;
  assert.equal(in_china.utc_offset_s, 28800);
  const slow = (answer) => answer.hours.filter((one) => one.network === '5g' && one.method === 'tcp' && one.direction === 'down')
    .sort((a, b) => a.throughput.median - b.throughput.median)[0].slot;
  assert.ok(slow(in_china) >= 19 && slow(in_china) < 23, `${slow(in_china)}`);  // the fixture's evening
  const one = (await ask(url, 'get', summary, {target: `${summary}?site=gz&network=5g&method=tcp&direction=up`})).value;
  assert.equal(one.groups.length, 1);
  assert.equal(tests(one.hours), one.groups[0].tests);

  const results = (await ask(url, 'get', list, {target: `${list}?from=0&site=gz&limit=1000`})).value.results;
  assert.equal(results.length, tests(all.groups.filter((one) => one.site === 'gz')));
  const refused = results.find((result) => result.outcome === 'refused');
  assert.equal(refused.throughput, null);
  assert.ok(results.some((result) => result.marks.includes('capacity_test')));
  assert.ok(results.some((result) => result.evidence.some((item) => item.name === 'queue' && item.unit === 'ns')));
  const few = (await ask(url, 'get', list, {target: `${list}?site=dc1&limit=5`})).value.results;
  assert.equal(few.length, 5);
  assert.ok(few.every((result) => result.site === 'dc1'));
  const probe = (await ask(url, 'get', list, {target: `${list}?probe=${few[0].probe}&limit=1`})).value.results;
  assert.deepEqual(probe, few.slice(0, 1));

  const text = await (await fetch(`${url}/metrics`)).text();
  assert.match(text, /gnomon_access_throughput_bytes_per_second\{probe="[0-9a-f]{32}",site="gz",network="5g",access="5g",method="tcp",direction="down",family="6"\} \d/);
});

test('a break becomes one change, and heals', async () => {
  await server.command('break');
  await server.command('round');
  const {value} = await ask(url, 'get', `${api}/paths`, {target: `${api}/paths?q=dc1%20ipv6`});
  assert.ok(value.paths.length > 0);
  const changes = await until(async () => {
    const answer = (await ask(url, 'get', `${api}/changes`, {target: `${api}/changes?limit=20`})).value.changes;
    return answer.some((change) => change.kind === 'group_broken') ? answer : null;
  });
  const group = changes.find((change) => change.kind === 'group_broken');
  assert.match(group.text.en, /^4 of 24 paths lost since .* UTC: all to dc1, from 2 places over IPv6\.$/);
  assert.match(group.text.zh, /24 条路径中有 4 条中断：目的地均为 dc1/);
  assert.equal(group.subject.paths.length, 4);
  const older = (await ask(url, 'get', `${api}/changes`, {target: `${api}/changes?before=${group.id}`})).value.changes;
  assert.ok(older.every((change) => change.id < group.id));
});

// Waits for what other threads of the server do; a run that never gets there fails by the test's time limit.
async function until(probe) {
  for (;;) {
    const found = await probe();
    if (found) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('wrong questions are named', async () => {
  const bad = [
    ['/paths', '?family=5'], ['/paths', '?state=fine'], ['/paths', '?method=%21'],
    ['/mesh', '?figure=rtt_p42'], ['/mesh', '?minutes=0'], ['/changes', '?limit=0'],
    ['/access', '?network=6g'], ['/access', '?direction=unspecified'], ['/access', '?from=5&to=5'], ['/access', '?from=0'], ['/access', '?utc_offset_s=1d'],
    ['/access/results', '?probe=xyz'], ['/access/results', '?limit=1001'], ['/changes', '?before=x'],
  ];
  for (const [path, query] of bad) {
    const {value} = await ask(url, 'get', api + path, {target: api + path + query, status: 400});
    assert.equal(value.error.code, 'invalid_argument');
  }
  await ask(url, 'get', `${api}/paths/{id}`, {target: `${api}/paths/xyz`, status: 400});
  await ask(url, 'get', `${api}/paths/{id}`, {target: `${api}/paths/0000000000000000`, status: 404});
  const series = `${api}/paths/{id}/series`;
  await ask(url, 'get', series, {target: `${api}/paths/${server.path}/series?points=9999`, status: 400});
  await ask(url, 'get', series, {target: `${api}/paths/${server.path}/series?from=5&to=5`, status: 400});
  await ask(url, 'get', series, {target: `${api}/paths/0000000000000000/series`, status: 404});
});

test('the lab', async () => {
  await ask(url, 'get', `${api}/lab/links`);
  const {value} = await ask(url, 'get', `${api}/lab/truth`);
  assert.equal(value.links.length, 2);
  const template = `${api}/lab/links/{id}`;
  const target = `${api}/lab/links/gz--ix`;
  const failed = (await ask(url, 'post', template, {target, headers: admin, json: {action: 'fail'}})).value;
  assert.equal(failed.link.state, 'down');
  const set = (await ask(url, 'post', template, {
    target, headers: admin, json: {action: 'set', direction: 'gz-ix', settings: {delay_us: 40000, loss_ratio: 0.02}},
  })).value;
  assert.equal(set.link.settings.forward.delay_us, 40000);
  assert.equal(set.link.settings.backward.delay_us, 1500);
  const healed = (await ask(url, 'post', template, {target, headers: admin, json: {action: 'heal'}})).value;
  assert.equal(healed.link.state, 'up');
  const changes = (await ask(url, 'get', `${api}/changes`)).value.changes;
  for (const kind of ['link_failed', 'link_set', 'link_healed']) assert.ok(changes.some((change) => change.kind === kind), kind);
  for (const json of [{}, {action: 'explode'}, {action: 'set'}, {action: 'set', settings: {latency: 1}}, {action: 'fail', direction: 'x'}]) {
    await ask(url, 'post', template, {target, headers: admin, json, status: 400});
  }
  await ask(url, 'post', template, {target, headers: admin, body: '{"action":', status: 400});
  await ask(url, 'post', template, {target: `${api}/lab/links/none`, headers: admin, json: {action: 'fail'}, status: 404});
  await ask(url, 'post', template, {target, json: {action: 'fail'}, status: 401});
  await ask(url, 'post', template, {target, headers: viewer, json: {action: 'fail'}, status: 403});
  await ask(url, 'post', template, {target, headers: admin, announced: 200_000, status: 413});
});

test('retention', async () => {
  const template = `${api}/storage/retention`;
  const {value} = await ask(url, 'post', template, {headers: admin, json: {level: '1m', seconds: 86400 * 30}});
  assert.equal(value.levels.find((level) => level.name === '1m').retention_s, 86400 * 30);
  await ask(url, 'post', template, {headers: admin, json: {level: '1m', seconds: 1}, status: 400});
  await ask(url, 'post', template, {headers: admin, json: {level: '1m'}, status: 400});
  await ask(url, 'post', template, {json: {level: '1m', seconds: 86400}, status: 401});
  await ask(url, 'post', template, {headers: viewer, json: {level: '1m', seconds: 86400}, status: 403});
});

test('session and password', async () => {
  const before_ = (await ask(url, 'get', `${api}/session`)).value;
  assert.equal(before_.user, null);
  await ask(url, 'post', `${api}/session`, {json: {user: 'admin'}, status: 400});
  await ask(url, 'post', `${api}/session`, {json: {user: 'admin', password: 'wrong'}, status: 401});
  const {answer, value} = await ask(url, 'post', `${api}/session`, {json: {user: 'admin', password: server.admin_password}});
  assert.equal(value.role, 'admin');
  const cookie = {cookie: answer.headers.get('set-cookie').split(';')[0]};
  assert.match(answer.headers.get('set-cookie'), /HttpOnly/);
  assert.match(answer.headers.get('set-cookie'), /SameSite=Strict/);
  const csrf = {...cookie, 'x-gnomon-csrf': value.csrf};
  await ask(url, 'post', `${api}/lab/links/{id}`, {target: `${api}/lab/links/gz--ix`, headers: cookie, json: {action: 'heal'}, status: 403});
  await ask(url, 'post', `${api}/lab/links/{id}`, {target: `${api}/lab/links/gz--ix`, headers: csrf, json: {action: 'heal'}});
  const fresh = 'a new and long enough password';
  await ask(url, 'post', `${api}/password`, {headers: csrf, json: {old: 'wrong', new: fresh}, status: 403});
  await ask(url, 'post', `${api}/password`, {headers: csrf, json: {old: server.admin_password}, status: 400});
  await ask(url, 'post', `${api}/password`, {headers: csrf, json: {old: server.admin_password, new: fresh}, status: 204});
  const again = await ask(url, 'post', `${api}/session`, {json: {user: 'admin', password: fresh}});
  const next = {cookie: again.answer.headers.get('set-cookie').split(';')[0], 'x-gnomon-csrf': again.value.csrf};
  await ask(url, 'delete', `${api}/session`, {headers: next, status: 204});
  await ask(url, 'post', `${api}/password`, {json: {old: 'a', new: 'b'}, status: 401});
});

test('enrolment', async () => {
  const template = `${api}/probes`;
  const public_key = 'ab'.repeat(32);
  const probe = (await ask(url, 'post', template, {headers: admin, json: {public_key, name: 'new', site: 'sz'}, status: 201})).value;
  assert.equal(probe.state, 'never');
  await ask(url, 'post', template, {headers: admin, json: {public_key}, status: 409});
  for (const json of [{}, {public_key: 'ab'}, {public_key: 7}, {public_key, colour: 'red'}]) {
    await ask(url, 'post', template, {headers: admin, json, status: 400});
  }
  await ask(url, 'post', template, {json: {public_key}, status: 401});
  await ask(url, 'post', template, {headers: viewer, json: {public_key}, status: 403});
  const one = `${api}/probes/{id}`;
  assert.ok((await ask(url, 'get', template)).value.probes.some((row) => row.id === probe.id));
  await ask(url, 'delete', one, {target: `${api}/probes/${probe.id}`, headers: viewer, status: 403});
  await ask(url, 'delete', one, {target: `${api}/probes/${probe.id}`, headers: admin, status: 204});
  await ask(url, 'delete', one, {target: `${api}/probes/${probe.id}`, headers: admin, status: 404});
  await ask(url, 'delete', one, {target: `${api}/probes/xyz`, headers: admin, status: 400});
  await server.command('stranger');
  const refused = (await ask(url, 'get', template)).value.refused;
  assert.equal(refused.length, 1);
  assert.equal(refused[0].name, 'probe-nowhere');
  const changes = (await ask(url, 'get', `${api}/changes`)).value.changes;
  assert.ok(changes.some((change) => change.kind === 'key_refused'));
});

test('ingest refuses what it cannot read', async () => {
  const headers = {'content-type': 'application/x-protobuf'};
  // One batch, empty: the request is read, the batch has its verdict.
  await ask(url, 'post', `${api}/ingest`, {headers, body: new Uint8Array([0x0a, 0])});
  await ask(url, 'post', `${api}/ingest`, {headers, body: new Uint8Array(), status: 400});
  const cut = (await ask(url, 'post', `${api}/ingest`, {headers, body: new Uint8Array([0x0a, 0x7f, 1]), status: 400})).value;
  assert.match(cut.error.message, /\d/);
  await ask(url, 'post', `${api}/ingest`, {headers, announced: 9 * 1024 * 1024, status: 413});
});

test('documents, ledger, health', async () => {
  const {text} = await ask(url, 'get', `${api}/openapi.yaml`);
  assert.match(text, /^openapi: 3\.1\.0/);
  await ask(url, 'get', `${api}/plan-schema.json`);
  await ask(url, 'get', '/healthz');
  await until(async () => (await fetch(`${url}/ledger/checkpoint`)).status === 200);
  await ask(url, 'get', '/ledger/checkpoint');
  await ask(url, 'get', '/ledger/key');
  await ask(url, 'get', '/ledger/tile/{tile}', {target: '/ledger/tile/7/999', status: 404});
  const {size} = (await ask(url, 'get', `${api}/status`)).value.ledger;
  assert.ok(size > 0);
  await ask(url, 'get', '/ledger/tile/{tile}', {target: size >= 256 ? '/ledger/tile/0/000' : `/ledger/tile/0/000.p/${size}`});
});

test('live tells hello, rows, changes and links', async () => {
  const abort = new AbortController();
  const answer = await fetch(`${url}${api}/live`, {signal: abort.signal});
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type').split(';')[0], 'text/event-stream');
  met.set(`get ${api}/live`, [200]);
  const events = [];
  const ids = [];
  const schemas = {hello: 'Status', paths: 'LivePaths', change: 'Change', link: 'Link', status: 'Status'};
  const wanted = new Set(Object.keys(schemas));
  let pending = '';
  let asked = false;
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    pending += chunk;
    const blocks = pending.split('\n\n');
    pending = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split('\n').filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join('\n');
      if (!field('event')) continue;
      holdsSchema(schemas[field('event')], JSON.parse(field('data')));
      events.push(field('event'));
      ids.push(Number(field('id')));
      wanted.delete(field('event'));
    }
    if (!asked) {
      asked = true;
      await server.command('round');
      await ask(url, 'post', `${api}/lab/links/{id}`, {target: `${api}/lab/links/gz--ix`, headers: admin, json: {action: 'fail'}});
    }
    if (wanted.size === 0) break;
  }
  abort.abort();
  assert.equal(events[0], 'hello');
  assert.ok(ids.every((id, i) => i === 0 || id > ids[i - 1]), 'ids rise');

  // Who comes back gets the links and changes that it missed.
  const again = new AbortController();
  const resumed = await fetch(`${url}${api}/live`, {signal: again.signal, headers: {'last-event-id': String(ids[0])}});
  let seen = '';
  for await (const chunk of resumed.body.pipeThrough(new TextDecoderStream())) {
    seen += chunk;
    if (seen.includes('event: hello')) break;
  }
  again.abort();
  assert.match(seen, /event: link/);
});

test('metrics answers in OpenMetrics', async () => {
  const {answer, text} = await ask(url, 'get', '/metrics');
  assert.match(answer.headers.get('content-type'), /^application\/openmetrics-text; version=1\.0\.0/);
  assert.ok(text.endsWith('# EOF\n'));
});

test('the line of speed tests', async () => {
  const ticket = `${api}/speed/ticket`;
  const one = `${ticket}/{id}`;
  const first = (await ask(url, 'post', ticket, {status: 201})).value;
  const second = (await ask(url, 'post', ticket, {status: 201})).value;
  assert.equal(first.before, 0);
  assert.equal(second.before, 1);
  assert.ok(second.wait_ns > 0);
  const target = `${ticket}/${second.id}`;
  await ask(url, 'get', one, {target: `${target}?before=x`, status: 400});
  assert.equal((await ask(url, 'get', one, {target})).value.before, 1);
  const moved = ask(url, 'get', one, {target: `${target}?before=1`});
  await ask(url, 'delete', one, {target: `${ticket}/${first.id}`, status: 204});
  assert.equal((await moved).value.before, 0);
  await ask(url, 'delete', one, {target, status: 204});
  await ask(url, 'get', one, {target, status: 404});
  await ask(url, 'delete', one, {target, status: 404});
  for (const way of ['download', 'upload']) await ask(url, 'get', `/ndt/v7/${way}`, {status: 426});
  const many = [];
  for (let i = 0; i < 8; ++i) many.push((await ask(url, 'post', ticket, {status: 201})).value.id);
  await ask(url, 'post', ticket, {status: 503});
  for (const id of many) await ask(url, 'delete', one, {target: `${ticket}/${id}`, status: 204});
});

// Downloads with a ticket until `ms` after the first byte, then leaves.
function download(ticket, ms) {
  return new Promise((resolve, reject) => {
    const request = http.get(`${url}/ndt/v7/download?ticket=${ticket}`, {headers: {
      connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'), 'sec-websocket-protocol': 'net.measurementlab.ndt.v7',
    }});
    request.on('response', (answer) => reject(new Error(`no upgrade: ${answer.statusCode}`))).on('error', reject);
    request.on('upgrade', (_, socket) => {
      const begun = Date.now();
      socket.on('data', () => Date.now() - begun >= ms && socket.destroy()).on('error', reject).on('close', resolve);
    });
  });
}

test('a visitor\'s speed test is kept once, and proved', async () => {
  const ticket = `${api}/speed/ticket`;
  const results = `${api}/speed/result`;
  const one = `${results}/{id}`;
  assert.ok((await ask(url, 'get', `${api}/speed/server`)).value.name.length > 0);
  const {id: idle} = (await ask(url, 'post', ticket, {status: 201})).value;
  await ask(url, 'post', results, {status: 404, json: {ticket: idle}});  // no test ran with it
  await ask(url, 'post', results, {status: 400, json: {ticket: idle, network: 'pigeons'}});
  await ask(url, 'post', results, {status: 403, json: {ticket: idle}, headers: {origin: 'https://elsewhere.example'}});
  await download(idle, 1500);
  const said = [{direction: 'down', family: 4, throughput: 9e11, idle: 1e6, loaded: null}];
  const kept = (await ask(url, 'post', results, {status: 201, json: {ticket: idle, network: 'wifi', tests: said}})).value;
  await ask(url, 'post', results, {status: 404, json: {ticket: idle}});
  const target = `${results}/${kept.id}`;
  const shown = (await ask(url, 'get', one, {target})).value;
  assert.equal(shown.record, kept.record);
  assert.equal(shown.network, 'wifi');
  const [only] = shown.tests;
  assert.ok(only.moved_bytes > 0 && only.throughput > 0 && only.throughput < 1e13, 'the server\'s own figure');
  assert.equal(only.client.throughput, 9e11);
  assert.ok((await ask(url, 'get', `${one}/batch`, {target: `${target}/batch`})).text.length > 100);
  // The next checkpoint holds it; until then the answer is 503.
  while ((await fetch(`${url}${target}/proof`)).status === 503);
  assert.match((await ask(url, 'get', `${one}/proof`, {target: `${target}/proof`})).text, /^c2sp\.org\/tlog-proof@v1\n/);
  for (const part of ['', '/batch', '/proof']) {
    await ask(url, 'get', `${one}${part}`, {target: `${results}/00${part}`, status: 404});
  }
});

test('where responsiveness is measured is told for the name that was asked for', async () => {
  const {value} = await ask(url, 'get', '/.well-known/nq');
  assert.equal(new URL(value.urls.large_download_url).port, '4043');
  assert.equal(new URL(value.urls.upload_url).hostname, new URL(url).hostname);
});

test('every operation of the document was met', () => {
  assert.deepEqual(operations.filter((operation) => !met.has(operation)), []);
});

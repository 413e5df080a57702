// Ten times what the server can do, from wrk: it says 503 with Retry-After, stays within its memory, lets probes hand
// in meanwhile, and serves again at once after.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {Probe, handIn, ingestBody} from './batch.mjs';
import {Observatory, until} from './observatory.mjs';
import {RawSocket, statusOf} from './raw_socket.mjs';

let server;
const probe = new Probe();
before(async () => {
  server = await Observatory.start();
  server.run(['probe', 'allow', probe.publicHex, '--name', 'loaded']);
  // Enough paths that a list of them is work: some 700 kB.
  assert.deepEqual((await handIn(server.url, ingestBody(probe.batch({count: 2000})))).verdicts, [1]);
});
after(async () => assert.equal(await server.stop(), 0));

// wrk's own counts: requests, and those not answered with 2xx or 3xx.
function wrk(path, connections, seconds, extra = []) {
  const child = spawn('wrk', ['-t', '2', '-c', `${connections}`, '-d', `${seconds}s`, '--timeout', '30s', ...extra, server.url + path]);
  let text = '';
  child.stdout.on('data', (part) => { text += part; });
  child.stderr.on('data', (part) => { text += part; });
  return new Promise((resolve, reject) => child.on('error', reject).on('exit', () => resolve({
    text,
    requests: Number(/(\d+) requests in/.exec(text)?.[1] ?? 0),
    refused: Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0),
    broken: /Socket errors: (.*)/.exec(text)?.[1] ?? '',
  })));
}

// One hand-in after the other until told to stop; how many were stored, and the slowest in ms.
function hand_in_steadily() {
  let stop = false;
  const counts = {stored: 0, busy: 0, slowest: 0};
  const done = (async () => {
    while (!stop) {
      const begun = performance.now();
      const {status, verdicts} = await handIn(server.url, ingestBody(probe.batch()));
      if (verdicts[0] === 1) counts.stored += 1;
      else if (status === 503) counts.busy += 1;
      else assert.fail(`ingest answered ${status} ${verdicts}`);
      counts.slowest = Math.max(counts.slowest, performance.now() - begun);
    }
    return counts;
  })();
  return async () => { stop = true; return done; };
}

// An answer that is not fetched whole would hold room that the next one is refused for.
async function get(path) {
  const answer = await fetch(server.url + path);
  return {status: answer.status, text: await answer.text()};
}

// As the server counts them; as many as can be while it is too busy to say.
async function connections_open() {
  const {status, text} = await get('/metrics');
  return status === 200 ? Number(/^gnomon_http_connections (\d+)/m.exec(text)[1]) : Infinity;
}

async function one_second_of_hand_ins() {
  const finish = hand_in_steadily();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return (await finish()).stored;
}

test('dashboards at ten times capacity: 503 at once, memory bounded, ingest goes on, then all is well', async () => {
  const alone = await one_second_of_hand_ins();
  const before_kb = server.residentKb;
  const finish = hand_in_steadily();
  const load = await wrk('/api/v1/paths', 900, 4);
  const meanwhile = await finish();
  const grown = server.peakKb - before_kb;
  assert.ok(load.requests > 100, load.text);
  assert.ok(load.refused > 0, `nothing was refused: ${load.text}`);
  assert.ok(load.refused < load.requests, `nothing was served: ${load.text}`);
  assert.ok(!/timeout [1-9]/.test(load.broken), load.text);
  assert.ok(grown < 400 * 1024, `${grown} kB more`);
  // Its own share: not what it has alone, but never nothing, and never refused for the dashboards' sake.
  assert.equal(meanwhile.busy, 0, 'ingest was refused');
  assert.ok(meanwhile.stored >= 4, `${meanwhile.stored} stored under load, ${alone}/s alone`);
  // At once after: as soon as it has seen that the others are gone, and from then on always; for both kinds.
  const over = performance.now();
  await until(async () => (await connections_open()) < 10);
  assert.ok(performance.now() - over < 3000, `${performance.now() - over} ms until it served again`);
  for (let i = 0; i < 20; ++i) assert.equal((await get('/api/v1/paths')).status, 200);
  assert.deepEqual((await handIn(server.url, ingestBody(probe.batch()))).verdicts, [1]);
  console.log(`# ${load.requests} requests, ${load.refused} refused; hand-ins ${alone}/s alone, ${(meanwhile.stored / 4).toFixed(0)}/s under load, ` +
    `slowest ${meanwhile.slowest.toFixed(0)} ms; ${grown} kB more`);
});

test('a refusal says when to come back', async () => {
  const request = `GET /api/v1/paths HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: close\r\n\r\n`;
  const sockets = await Promise.all(Array.from({length: 900}, () => RawSocket.connect(server.port)));
  sockets.forEach((socket) => socket.send(request));
  const answers = await Promise.all(sockets.map((socket) => socket.all()));
  sockets.forEach((socket) => socket.drop());
  const refused = answers.filter((text) => statusOf(text) === 503);
  assert.ok(answers.every((text) => [200, 503].includes(statusOf(text))), 'a client was left without an answer');
  assert.ok(refused.length > 0 && refused.length < 900, `${refused.length} refused`);
  for (const text of refused) assert.match(text, /^Retry-After: [1-9]\d*\r$/m);
});

test('ingest at its worst does not keep dashboards out', async () => {
  const script = `${server.scratch}/ingest.lua`;
  const body = ingestBody(probe.batch());
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/x-protobuf"\nwrk.body = "${[...body].map((byte) => `\\${byte}`).join('')}"\n`
    .replace(/\\(\d{1,2})(?=\\|")/g, (_, digits) => `\\${digits.padStart(3, '0')}`));
  const load = wrk('/api/v1/ingest', 900, 3, ['-s', script]);
  let served = 0;
  let over = false;
  load.then(() => { over = true; });
  while (!over) {
    const answer = await fetch(`${server.url}/api/v1/overview`);
    assert.equal(answer.status, 200);
    await answer.text();
    served += 1;
  }
  const {requests, text} = await load;
  assert.ok(requests > 100, text);
  assert.ok(served >= 3, `${served} dashboards' requests served`);
  console.log(`# ${requests} ingest requests; ${served} dashboard requests served meanwhile`);
});

test('floods of logins leave the rest alone', async () => {
  const wrong = () => fetch(`${server.url}/api/v1/session`, {method: 'POST', body: JSON.stringify({user: `u${Math.random()}`, password: 'x'})});
  const flood = Promise.all(Array.from({length: 300}, () => wrong().then((answer) => answer.status)));
  for (let i = 0; i < 10; ++i) assert.equal((await fetch(`${server.url}/api/v1/overview`)).status, 200);
  const statuses = await flood;
  assert.ok(statuses.every((status) => [401, 429, 503].includes(status)));
  assert.ok(statuses.filter((status) => status === 401).length <= 20, 'more tries than the limit for an address');
});

test('memory at the end', () => assert.ok(server.peakKb < 700 * 1024, `${server.peakKb} kB at most`));

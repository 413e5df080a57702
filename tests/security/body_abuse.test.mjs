// Bodies that would fill the memory: a gigabyte, announced or sent; zstd bombs; bodies that never end.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {Probe, handIn, ingestBody} from './batch.mjs';
import {Observatory, until} from './observatory.mjs';
import {RawSocket, exchange, statusOf} from './raw_socket.mjs';

const kGigabyte = 1024 ** 3;
const kMegabyte = 1024 ** 2;

let server;
before(async () => { server = await Observatory.start(); });
after(async () => assert.equal(await server.stop(), 0));

const ingest = (fields) => `POST /api/v1/ingest HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nContent-Type: application/x-protobuf\r\n${fields}\r\n`;
const bomb = (bytes) => execFileSync('zstd', ['-q', '-19', '--long=27', `--stream-size=${bytes}`, '-c'], {input: Buffer.alloc(bytes), maxBuffer: 64 * kMegabyte});

test('a gigabyte that is announced is refused before it comes', async () => {
  for (const size of [kGigabyte, 2 ** 40, '18446744073709551615', '99999999999999999999999']) {
    const status = statusOf(await exchange(server.port, ingest(`Content-Length: ${size}\r\n`)));
    assert.ok([413, 400].includes(status), `${size}: ${status}`);
  }
});

test('a gigabyte that comes in chunks is cut off at the limit', async () => {
  const before_kb = server.residentKb;
  const socket = await RawSocket.connect(server.port);
  socket.send(ingest('Transfer-Encoding: chunked\r\n'));
  const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(kMegabyte), Buffer.from('\r\n')]);
  let sent = 0;
  while (!socket.closed && !socket.text && sent < 1024) {
    ++sent;
    if (!socket.socket.write(chunk)) await new Promise((resolve) => { socket.socket.once('drain', resolve).once('close', resolve); });
  }
  await socket.untilText('\r\n\r\n');
  assert.equal(statusOf(socket.text), 413);
  assert.ok(sent < 200, `${sent} MB were taken`);
  assert.ok(server.residentKb - before_kb < 64 * 1024);
  socket.drop();
});

test('zstd bombs expand to the limit at most', async () => {
  const before_kb = server.residentKb;
  const small = bomb(256 * kMegabyte);
  assert.ok(small.length < 100_000);
  const answers = await Promise.all(Array.from({length: 64}, () =>
    fetch(`${server.url}/api/v1/ingest`, {method: 'POST', body: small, headers: {'content-encoding': 'zstd', 'content-type': 'application/x-protobuf'}})));
  for (const answer of answers) assert.ok([413, 503].includes(answer.status), `${answer.status}`);
  // Frames that do not say how large they are, and a frame behind a small one.
  const silent = execFileSync('zstd', ['-q', '-19', '--no-content-size', '-c'], {input: Buffer.alloc(64 * kMegabyte), maxBuffer: 64 * kMegabyte});
  const double = Buffer.concat([bomb(10), small]);
  // Twice compressed: one layer is taken off, never two.
  const nested = execFileSync('zstd', ['-q', '-c'], {input: small});
  for (const body of [silent, double, nested, small.subarray(0, 100)]) {
    const answer = await fetch(`${server.url}/api/v1/ingest`, {method: 'POST', body, headers: {'content-encoding': 'zstd', 'content-type': 'application/x-protobuf'}});
    assert.ok([400, 413].includes(answer.status), `${answer.status}`);
  }
  for (const coding of ['gzip', 'br', 'zstd, zstd', 'deflate', 'x']) {
    const answer = await fetch(`${server.url}/api/v1/ingest`, {method: 'POST', body: small, headers: {'content-encoding': coding, 'content-type': 'application/x-protobuf'}});
    assert.equal(answer.status, 415, coding);
  }
  assert.ok(server.residentKb - before_kb < 160 * 1024, `${server.residentKb - before_kb} kB more`);
});

test('bodies that are announced and never come take no room from those that do', async () => {
  const probe = new Probe();
  server.run(['probe', 'allow', probe.publicHex, '--name', 'good']);
  const hostile = await Promise.all(Array.from({length: 100}, () => RawSocket.connect(server.port)));
  hostile.forEach((socket, i) => socket.send(ingest(i % 2 ? 'Transfer-Encoding: chunked\r\n' : `Content-Length: ${8 * kMegabyte}\r\n`)));
  for (let i = 0; i < 10; ++i) assert.deepEqual((await handIn(server.url, ingestBody(probe.batch()))).verdicts, [1]);
  hostile.forEach((socket) => socket.drop());
});

test('bodies that come but never end give way once they have kept the server waiting', async () => {
  const probe = new Probe();
  server.run(['probe', 'allow', probe.publicHex, '--name', 'better']);
  const before_kb = server.residentKb;
  // 30 × 7 MB: three times the room that there is for all bodies.
  const part = Buffer.alloc(7 * kMegabyte);
  const hostile = await Promise.all(Array.from({length: 30}, () => RawSocket.connect(server.port)));
  hostile.forEach((socket) => socket.send(ingest(`Content-Length: ${8 * kMegabyte - 1}\r\n`)).send(part));
  await until(async () => (await handIn(server.url, ingestBody(probe.batch({target: 'x'.repeat(10)})))).verdicts[0] === 1);
  for (let i = 0; i < 10; ++i) assert.deepEqual((await handIn(server.url, ingestBody(probe.batch()))).verdicts, [1]);
  assert.ok(server.residentKb - before_kb < 200 * 1024, `${server.residentKb - before_kb} kB more`);
  hostile.forEach((socket) => socket.drop());
});

test('peak memory stayed within what the limits say', () => {
  assert.ok(server.alive());
  assert.ok(server.peakKb < 500 * 1024, `${server.peakKb} kB at most`);
});

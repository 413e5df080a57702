// Clients that do not speak HTTP, or speak it to do harm: slow ones, floods, smuggling, traversal.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {Observatory, until} from './observatory.mjs';
import {RawSocket, exchange, statusOf, statuses} from './raw_socket.mjs';

let server;
before(async () => { server = await Observatory.start(); });
after(async () => assert.equal(await server.stop(), 0));

const host = () => `Host: 127.0.0.1:${server.port}\r\n`;
const get = (path) => `GET ${path} HTTP/1.1\r\n${host()}Connection: close\r\n\r\n`;
const health = async () => statusOf(await exchange(server.port, get('/healthz')));

test('slow-loris: 1,500 that never finish their header keep nobody out', async () => {
  const before_kb = server.residentKb;
  const slow = [];
  for (let i = 0; i < 1500; ++i) {
    slow.push(RawSocket.connect(server.port).then((socket) => socket.send(`GET / HTTP/1.1\r\n${host()}X-Slow: `)).catch(() => null));
  }
  const sockets = (await Promise.all(slow)).filter(Boolean);
  // Each goes on with a byte now and then, as the tool does.
  const drip = setInterval(() => sockets.forEach((socket) => socket.send('a')), 100);
  try {
    // More of them than there are places: a prompt client gets one as soon as they have had their second, because the
    // slowest goes, not because they have all run into their time limit.
    await until(async () => (await health()) === 200);
    for (let i = 0; i < 20; ++i) assert.equal(await health(), 200);
    const held = sockets.filter((socket) => !socket.closed).length;
    assert.ok(held > 900, `${held} are still held`);
    assert.ok(server.residentKb - before_kb < 64 * 1024, `${server.residentKb - before_kb} kB more`);
  } finally {
    clearInterval(drip);
    sockets.forEach((socket) => socket.drop());
  }
  assert.equal(await health(), 200);
});

test('clients that open and say nothing, or half close, or reset, leave nothing behind', async () => {
  const sockets = await Promise.all(Array.from({length: 400}, () => RawSocket.connect(server.port)));
  sockets.forEach((socket, i) => {
    if (i % 4 === 1) socket.endSending();
    if (i % 4 === 2) socket.send('G').socket.resetAndDestroy();
    if (i % 4 === 3) socket.drop();
  });
  assert.equal(await health(), 200);
  sockets.forEach((socket) => socket.drop());
});

test('pipelined garbage: the first wrong byte ends the connection, nothing after it is read as a request', async () => {
  const good = `GET /healthz HTTP/1.1\r\n${host()}\r\n`;
  const text = await exchange(server.port, `${good}${good}\x00\xff garbage\r\n\r\n${good.repeat(100)}`);
  assert.deepEqual(statuses(text), [200, 200, 400]);
  const noise = Buffer.alloc(256 * 1024);
  for (let i = 0; i < noise.length; ++i) noise[i] = (i * 7919 + (i >> 8)) & 0xff;
  assert.ok([0, 400, 431].includes(statusOf(await exchange(server.port, noise))));
  // A thousand requests in one write are answered in order, one after the other.
  const many = await exchange(server.port, good.repeat(1000) + get('/healthz'));
  assert.equal(statuses(many).filter((status) => status === 200).length, 1001);
});

test('header floods are cut off at the limit', async () => {
  const fields = Array.from({length: 100_000}, (_, i) => `X-${i}: y\r\n`).join('');
  const floods = {
    'many fields': `GET / HTTP/1.1\r\n${host()}${fields}\r\n`,
    'one long field': `GET / HTTP/1.1\r\n${host()}X: ${'a'.repeat(2_000_000)}\r\n\r\n`,
    'long target': `GET /${'a'.repeat(2_000_000)} HTTP/1.1\r\n${host()}\r\n`,
    'long method': `${'G'.repeat(2_000_000)} / HTTP/1.1\r\n${host()}\r\n`,
    'folded': `GET / HTTP/1.1\r\n${host()}X: a\r\n${' b\r\n'.repeat(200_000)}\r\n`,
  };
  const before_kb = server.residentKb;
  for (const [name, bytes] of Object.entries(floods)) {
    const status = statusOf(await exchange(server.port, bytes));
    assert.ok([400, 431, 0].includes(status), `${name}: ${status}`);
  }
  // A flood of trailers is a flood, too.
  const trailers = await exchange(server.port,
    `POST /api/v1/session HTTP/1.1\r\n${host()}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${fields}\r\n`);
  assert.ok([400, 0].includes(statusOf(trailers)), trailers.slice(0, 40));
  const extension = await exchange(server.port,
    `POST /api/v1/session HTTP/1.1\r\n${host()}Transfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(2_000_000)}\r\n{}\r\n0\r\n\r\n`);
  assert.ok([400, 0].includes(statusOf(extension)), extension.slice(0, 40));
  assert.ok(server.residentKb - before_kb < 32 * 1024);
});

test('smuggling: what two readers could read differently is refused, and ends the connection', async () => {
  const hidden = get('/healthz');
  const post = `POST /api/v1/session HTTP/1.1\r\n${host()}`;
  const wrong = {
    'length and chunked': `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    'chunked and length': `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden}`,
    'two lengths': `${post}Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
    'length list': `${post}Content-Length: 0, ${hidden.length}\r\n\r\n${hidden}`,
    'signed length': `${post}Content-Length: +0\r\n\r\n${hidden}`,
    'hexadecimal length': `${post}Content-Length: 0x0\r\n\r\n${hidden}`,
    'chunked is not last': `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${hidden}`,
    'chunked spelt oddly': `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
    'space before the colon': `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${hidden}`,
    'huge chunk': `${post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${hidden}`,
    'negative chunk': `${post}Transfer-Encoding: chunked\r\n\r\n-1\r\n${hidden}`,
    'two hosts': `GET / HTTP/1.1\r\n${host()}Host: evil.example\r\n\r\n${hidden}`,
    'null in a field': `GET / HTTP/1.1\r\n${host()}X: a\0b\r\n\r\n${hidden}`,
    'bare carriage return': `GET / HTTP/1.1\r\n${host()}X: a\rY: b\r\n\r\n${hidden}`,
  };
  for (const [name, bytes] of Object.entries(wrong)) {
    const found = statuses(await exchange(server.port, bytes));
    assert.equal(found.length, 1, `${name}: ${found}`);
    assert.ok([400, 413, 501].includes(found[0]), `${name}: ${found}`);
  }
});

test('no upgrade: WebSocket is refused and its frames are never read as requests', async () => {
  const upgrade = (path) => `GET ${path} HTTP/1.1\r\n${host()}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  for (const path of ['/', '/api/v1/live', '/api/v1/status', '/none']) {
    const found = statuses(await exchange(server.port, upgrade(path) + '\x81\x85\x01\x02\x03\x04' + get('/healthz')));
    assert.deepEqual(found, [501], path);
  }
  const mixed = upgrade('/').replace('websocket', 'h2c, WebSocket');
  assert.deepEqual(statuses(await exchange(server.port, mixed)), [501]);
  // HTTP/2 by prior knowledge, and what proxies are asked for.
  assert.ok([400, 505].includes(statusOf(await exchange(server.port, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))));
  assert.ok([400, 405].includes(statusOf(await exchange(server.port, `CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`))));
  const trace = await exchange(server.port, `TRACE /healthz HTTP/1.1\r\n${host()}Connection: close\r\nX-Secret: 4711\r\n\r\n`);
  assert.equal(statusOf(trace), 405);
  assert.ok(!trace.includes('4711'), 'TRACE gives headers away');
});

test('path traversal reaches no file', async () => {
  const ways = ['/../../../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/..%2f..%2fetc/passwd', '/%2e%2e%2fetc%2fpasswd',
    '/..%5c..%5cetc/passwd', '/....//....//etc/passwd', '//etc/passwd', '/.%00/etc/passwd', '/%c0%ae%c0%ae/etc/passwd',
    '/ledger/tile/../../users.json', '/ledger/tile/%2e%2e/%2e%2e/users.json', '/ledger/tile/..%2f..%2fusers.json',
    '/ledger/tile/0/..%2f..%2f..%2fusers.json', '/ledger/tile//etc/passwd', '/ledger/../keys/observatory.pem',
    '/keys/observatory.pem', '/users.json', '/data/users.json', 'file:///etc/passwd', '/assets/../../users.json', '/.git/config',
    '/ledger/tile/0/000.p/..', '/api/v1/paths/..%2f..%2f..%2fusers.json', '/\\..\\..\\etc\\passwd'];
  for (const way of ways) {
    const text = await exchange(server.port, get(way));
    assert.ok([400, 404, 200].includes(statusOf(text)), `${way}: ${statusOf(text)}`);
    assert.ok(!/root:|PRIVATE KEY|argon2id/.test(text), `${way} gives a file away`);
    // Unknown pages are the application, nothing else.
    if (statusOf(text) === 200) assert.match(text, /text\/html/, way);
  }
});

test('JSON depth bombs and other bodies are answered with 400', async () => {
  const bodies = ['['.repeat(60_000), '{"user":'.repeat(7000), '[' + '0,'.repeat(30_000) + '0]', '{"user":"a","password":' + '['.repeat(500) + ']'.repeat(500) + '}',
    '"' + '\\ud800'.repeat(5000) + '"', '1e999999', '-', '\xff\xfe', `{"user":"${'a'.repeat(60_000)}","password":"b"}`, `{"a":1,`.repeat(1000)];
  for (const body of bodies) {
    const answer = await fetch(`${server.url}/api/v1/session`, {method: 'POST', body, headers: {'content-type': 'application/json'}});
    assert.equal(answer.status, 400, body.slice(0, 20));
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.ok((await answer.text()).length < 1000, 'the body is thrown back');
  }
});

test('the server went through all of it within its memory', () => {
  assert.ok(server.alive());
  assert.ok(server.peakKb < 400 * 1024, `${server.peakKb} kB at most`);
});

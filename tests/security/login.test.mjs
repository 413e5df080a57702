// Sessions, cookies, other origins' pages, rebinding, guessing.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {Observatory} from './observatory.mjs';
import {exchange, statusOf} from './raw_socket.mjs';

const kPassword = 'a password for vera';
let server;
before(async () => {
  server = await Observatory.start({listen: '0.0.0.0:0'});
  server.addUser('vera', 'viewer', kPassword);
  server.addUser('ada', 'admin', 'a password for ada!');
});
after(async () => assert.equal(await server.stop(), 0));

const at = (path) => `http://127.0.0.1:${server.port}${path}`;
const logIn = (user, password, headers = {}) => fetch(at('/api/v1/session'), {method: 'POST', body: JSON.stringify({user, password}), headers});
async function session(user, password, headers) {
  const answer = await logIn(user, password, headers);
  assert.equal(answer.status, 200);
  const setCookie = answer.headers.get('set-cookie');
  return {setCookie, cookie: setCookie.split(';')[0], csrf: (await answer.json()).csrf};
}
const paths = async (cookie) => (await fetch(at('/api/v1/paths'), {headers: {cookie}})).status;
const enrol = async (headers, body = JSON.stringify({public_key: 'ab'.repeat(32)})) =>
  (await fetch(at('/api/v1/probes'), {method: 'POST', body, headers})).status;

test('the cookie is for this server\'s requests alone, and never guessable', async () => {
  const one = await session('vera', kPassword);
  const two = await session('vera', kPassword);
  for (const {setCookie} of [one, two]) {
    assert.match(setCookie, /; HttpOnly/);
    assert.match(setCookie, /; SameSite=Strict/);
    assert.match(setCookie, /; Path=\//);
    assert.doesNotMatch(setCookie, /Domain=/i);
    assert.match(setCookie, /^gnomon_session=[0-9a-f]{64};/);
  }
  assert.notEqual(one.cookie, two.cookie);
  assert.notEqual(one.csrf, two.csrf);
});

test('a session id from outside never becomes a session (fixation)', async () => {
  const planted = `gnomon_session=${'5'.repeat(64)}`;
  const {cookie} = await session('vera', kPassword, {cookie: planted});
  assert.notEqual(cookie, planted);
  assert.equal(await paths(planted), 401);
  // Who was logged in before gets a new id, and the old one is dead: none is carried from one right to another.
  const later = await session('ada', 'a password for ada!', {cookie});
  assert.notEqual(later.cookie, cookie);
  assert.equal(await paths(cookie), 401);
  // In the query or twice, it counts for nothing.
  assert.equal((await fetch(at(`/api/v1/paths?${later.cookie}`))).status, 401);
});

test('logging out ends the session on the server', async () => {
  const {cookie, csrf} = await session('vera', kPassword);
  assert.equal(await paths(cookie), 200);
  assert.equal((await fetch(at('/api/v1/session'), {method: 'DELETE', headers: {cookie, 'x-gnomon-csrf': csrf}})).status, 204);
  assert.equal(await paths(cookie), 401);
});

test('a new password ends the other sessions, wherever it was set', async () => {
  const here = await session('vera', kPassword);
  const there = await session('vera', kPassword);
  const change = (old, fresh) => fetch(at('/api/v1/password'), {method: 'POST', body: JSON.stringify({old, new: fresh}),
    headers: {cookie: here.cookie, 'x-gnomon-csrf': here.csrf}});
  assert.equal((await change(kPassword, 'another password')).status, 204);
  assert.equal(await paths(there.cookie), 401);
  assert.equal(await paths(here.cookie), 200);
  server.run(['user', 'passwd', 'vera'], `${kPassword}\n`);  // on the server's own machine, beside it
  assert.equal(await paths(here.cookie), 401);
  const again = await session('vera', kPassword);
  server.run(['user', 'remove', 'vera']);
  assert.equal(await paths(again.cookie), 401);
  server.addUser('vera', 'viewer', kPassword);
  assert.equal(await paths(again.cookie), 401, 'another user of the same name');
});

test('another origin\'s page changes nothing (CSRF)', async () => {
  const {cookie, csrf} = await session('ada', 'a password for ada!');
  const own = {cookie, 'x-gnomon-csrf': csrf};
  const refused = {
    'no token': {cookie},
    'empty token': {cookie, 'x-gnomon-csrf': ''},
    'another\'s token': {cookie, 'x-gnomon-csrf': 'f'.repeat(64)},
    'cross-site': {...own, 'sec-fetch-site': 'cross-site'},
    'same-site': {...own, 'sec-fetch-site': 'same-site'},
    'another origin': {...own, origin: 'https://evil.example'},
    'another port': {...own, origin: `http://127.0.0.1:${server.port + 1}`},
    'no origin at all (sandboxed)': {...own, origin: 'null'},
    'a prefix of ours': {...own, origin: `http://127.0.0.1:${server.port}.evil.example`},
    'ours inside theirs': {...own, origin: `http://evil.example/http://127.0.0.1:${server.port}`},
  };
  for (const [name, headers] of Object.entries(refused)) assert.equal(await enrol(headers), 403, name);
  // What a form can send without being asked about.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    assert.equal(await enrol({cookie, 'content-type': type}), 403, type);
  }
  // Nor are logins made from elsewhere (login CSRF), nor does the server answer preflights.
  assert.equal((await logIn('ada', 'a password for ada!', {origin: 'https://evil.example'})).status, 403);
  const preflight = await fetch(at('/api/v1/probes'), {method: 'OPTIONS', headers: {origin: 'https://evil.example', 'access-control-request-method': 'POST'}});
  for (const [name] of preflight.headers) assert.doesNotMatch(name, /^access-control/);
  // Reads may be asked for from anywhere, and are told to no page: no CORS header, and of this origin only.
  const read = await fetch(at('/api/v1/session'), {headers: {origin: 'https://evil.example'}});
  assert.equal(read.headers.get('access-control-allow-origin'), null);
  assert.equal(read.headers.get('cross-origin-resource-policy'), 'same-origin');
  assert.equal(await enrol(own), 201);
});

test('a rebound name does not reach a loopback port (DNS rebinding)', async () => {
  const local = await Observatory.start({args: ['--host', 'gnomon.test']});
  const get = (host) => exchange(local.port, `GET /api/v1/paths HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  for (const host of ['evil.example', `evil.example:${local.port}`, '127.0.0.1.evil.example', 'localhost.evil.example', '127.evil.example', '[::1].evil.example',
    'localhost@evil.example', '', '0x7f000001', '2130706433', '169.254.169.254', '10.0.0.1', '0.0.0.0', '[::]', '[::ffff:10.0.0.1]', 'notgnomon.test']) {
    const status = statusOf(await get(host));
    assert.ok([403, 400].includes(status), `${host}: ${status}`);
  }
  for (const host of ['localhost', `localhost:${local.port}`, `127.0.0.1:${local.port}`, '[::1]', 'gnomon.test', `gnomon.test:${local.port}`]) {
    assert.equal(statusOf(await get(host)), 200, host);
  }
  // The absolute form names the host, too (RFC 9112 section 3.2.2).
  const absolute = await exchange(local.port, `GET http://evil.example/api/v1/paths HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
  assert.equal(statusOf(absolute), 403);
  assert.equal(await local.stop(), 0);
});

test('guessing is slowed per user and address, and known and unknown users look the same', async () => {
  const fresh = await Observatory.start({listen: '0.0.0.0:0'});
  const guess = async (user) => {
    const begun = performance.now();
    const answer = await fetch(`http://127.0.0.1:${fresh.port}/api/v1/session`, {method: 'POST', body: JSON.stringify({user, password: 'wrong password'})});
    return {status: answer.status, body: await answer.text(), retry: answer.headers.get('retry-after'), took: performance.now() - begun};
  };
  const known = [];
  const unknown = [];
  for (let i = 0; i < 5; ++i) {
    known.push(await guess('admin'));
    unknown.push(await guess('nobody'));
  }
  assert.ok([...known, ...unknown].every((one) => one.status === 401));
  assert.deepEqual(new Set([...known, ...unknown].map((one) => one.body)).size, 1, 'the answer gives away who exists');
  // The hash of a decoy is computed for whom nobody knows: the times are of one kind. (Without it: a hundredth.)
  const median = (list) => list.map((one) => one.took).sort((a, b) => a - b)[2];
  const ratio = median(known) / median(unknown);
  assert.ok(ratio > 0.25 && ratio < 4, `known ${median(known)} ms, unknown ${median(unknown)} ms`);
  // The sixth for each is refused without computing anything, all at once as one by one; others' names do not help.
  const more = await Promise.all(Array.from({length: 20}, () => guess('admin')));
  assert.ok(more.every((one) => [429, 503].includes(one.status)));
  assert.ok(more.some((one) => one.status === 429 && Number(one.retry) > 0));
  assert.equal((await guess('nobody')).status, 429);
  // Nor does the right password, while it is so.
  const right = await fetch(`http://127.0.0.1:${fresh.port}/api/v1/session`, {method: 'POST', body: JSON.stringify({user: 'admin', password: fresh.password})});
  assert.equal(right.status, 429);
  // And the address as a whole, whatever names it tries: 10 are used up, 10 are left.
  const names = await Promise.all(Array.from({length: 14}, (_, i) => guess(`name${i}`)));
  const tried = names.filter((one) => one.status === 401).length;
  assert.ok(tried <= 10, `${tried} more tries`);
  assert.equal(await fresh.stop(), 0);
});

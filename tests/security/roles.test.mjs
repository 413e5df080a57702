// Every operation of docs/openapi.yaml, asked by nobody, a viewer and an admin, on a loopback port and on an open one.
// What each may do is read from the document's x-access; that the router agrees is held by server_test.cc.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {Observatory, root} from './observatory.mjs';

const {parse} = createRequire(join(root, 'tests/contract/api/package.json'))('yaml');
const document = parse(readFileSync(join(root, 'docs/openapi.yaml'), 'utf8'));
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  ['get', 'post', 'put', 'patch', 'delete'].filter((method) => item[method])
    .map((method) => ({method: method.toUpperCase(), path, access: item[method]['x-access']})));
const ranks = {public: 0, viewer: 1, admin: 2};

// The port of the open listener is reached over loopback, too: what counts is where the server listens.
const listeners = {};
before(async () => {
  listeners.loopback = await Observatory.start();
  listeners.open = await Observatory.start({listen: '0.0.0.0:0'});
  listeners.proxied = await Observatory.start({args: ['--require-login']});
  for (const server of Object.values(listeners)) {
    server.addUser('vera', 'viewer', 'a password for vera');
    server.tokens = {viewer: server.token('vera', 'viewer'), admin: server.token('admin', 'admin'), weakened: server.token('admin', 'viewer')};
  }
});
after(async () => { for (const server of Object.values(listeners)) assert.equal(await server.stop(), 0); });

const target = (path) => path.replace(/\{id\}/, '0'.repeat(32)).replace(/\{[^}]*\}/g, '0');

async function ask(server, {method, path}, headers = {}) {
  const abort = new AbortController();
  const body = method === 'GET' || method === 'DELETE' ? undefined : '{';
  const answer = await fetch(`http://127.0.0.1:${server.port}${target(path)}`, {method, body, signal: abort.signal,
    headers: {'content-type': path.endsWith('/ingest') ? 'application/x-protobuf' : 'application/json', ...headers}});
  abort.abort();  // The live stream would never end.
  return answer.status;
}

// What a caller of that rank gets: let in (whatever the answer to a wrong body is), 401 or 403.
function expected(rank, needed, named) {
  if (rank >= needed) return 'in';
  return named ? 403 : 401;
}

const outcome = (status) => ([401, 403].includes(status) ? status : 'in');

test('every operation says who may call it', () => {
  const silent = operations.filter((operation) => !(operation.access in ranks));
  assert.deepEqual(silent, []);
  assert.ok(operations.length > 25);
});

for (const [name, anonymous] of [['loopback', 1], ['open', 0], ['proxied', 0]]) {
  test(`nobody, viewer, admin on a port that is ${name}`, async () => {
    const server = listeners[name];
    const callers = {
      nobody: {rank: anonymous, named: false, headers: {}},
      viewer: {rank: 1, named: true, headers: {authorization: `Bearer ${server.tokens.viewer}`}},
      'admin with a viewer token': {rank: 1, named: true, headers: {authorization: `Bearer ${server.tokens.weakened}`}},
      admin: {rank: 2, named: true, headers: {authorization: `Bearer ${server.tokens.admin}`}},
    };
    for (const operation of operations) {
      if (operation.path === '/api/v1/password' || operation.method === 'DELETE' && operation.path === '/api/v1/session') continue;  // about oneself
      if (operation.method === 'POST' && operation.path === '/api/v1/session') continue;  // login.test.mjs
      for (const [who, caller] of Object.entries(callers)) {
        const status = await ask(server, operation, caller.headers);
        assert.equal(outcome(status), expected(caller.rank, ranks[operation.access], caller.named),
          `${who}: ${operation.method} ${operation.path} answered ${status}`);
      }
      // What is wrong about who asks is never let through as nobody.
      for (const authorization of ['Bearer gnomon_' + '0'.repeat(64), 'Bearer ', 'Basic YWRtaW46YWRtaW4=', `bearer ${server.tokens.admin}x`]) {
        assert.equal(await ask(server, operation, {authorization}), 401, `${authorization.slice(0, 12)}… ${operation.method} ${operation.path}`);
      }
    }
  });
}

test('method tricks change nobody\'s role', async () => {
  const server = listeners.open;
  for (const headers of [{'x-http-method-override': 'GET'}, {'x-original-url': '/healthz'}, {'x-rewrite-url': '/healthz'},
    {'x-forwarded-for': '127.0.0.1'}, {forwarded: 'for=127.0.0.1'}, {'x-real-ip': '127.0.0.1'}, {'x-forwarded-user': 'admin'}]) {
    assert.equal((await fetch(`${server.url}/api/v1/paths`, {headers})).status, 401, JSON.stringify(headers));
    assert.equal((await fetch(`${server.url}/api/v1/probes`, {method: 'POST', body: '{}', headers})).status, 401);
  }
  for (const path of ['/api/v1/Paths', '/api/v1/paths/', '/API/v1/paths', '/api/v1/paths;a=b', '/api/v1/%70aths', '/api//v1/paths', '/api/v1/paths%2f']) {
    const answer = await fetch(server.url + path);
    // What the router does not know is the application's page, which holds nothing.
    const is_page = answer.status === 200 && /text\/html/.test(answer.headers.get('content-type'));
    assert.ok(is_page || [401, 404, 400].includes(answer.status), `${path}: ${answer.status}`);
  }
});

// A stand-in for the Gnomon server while the dashboard is developed and its browser tests are written: same API, made-up
// figures. Serves dist/ with the same Content-Security-Policy. `node mock/server.mjs [PORT]`; admin password: "mock".

import { createReadStream, existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { access, access_results } from './access.mjs';
import * as answers from './answers.mjs';
import { broadcast, follow } from './live.mjs';
import { outages, paths } from './physics.mjs';
import { site_of } from './region.mjs';

const ROOT = fileURLToPath(new URL('../dist', import.meta.url));
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
const sessions = new Map();

const session_of = (req) => sessions.get(/gnomon_session=(\w+)/.exec(req.headers.cookie ?? '')?.[1]);
const fault = (code, message) => ({ error: { code, message } });

function reply(res, status, body, headers = {}) {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
  res.end(body === undefined ? '' : JSON.stringify(body));
}
const session_body = (s) => ({
  user: s?.user ?? null,
  role: s?.role ?? 'viewer',
  login_required: false,
  csrf: s?.csrf ?? null,
});

function file(res, path) {
  let name = join(ROOT, normalize(path));
  if (!name.startsWith(ROOT) || !existsSync(name) || path === '/') {
    if (extname(path)) return reply(res, 404, fault('not_found', 'no such file'));
    name = join(ROOT, 'index.html');
  }
  res.writeHead(200, {
    'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
    'Content-Security-Policy': CSP,
  });
  createReadStream(name).pipe(res);
}

function get(url, req, res) {
  const q = url.searchParams,
    p = url.pathname.slice('/api/v1/'.length),
    path = /^paths\/([^/]+)(\/series)?$/.exec(p);
  if (p === 'status') return reply(res, 200, answers.status());
  if (p === 'session') return reply(res, 200, session_body(session_of(req)));
  if (p === 'region') return reply(res, 200, answers.region());
  if (p === 'paths') return reply(res, 200, { paths: answers.rows() });
  if (p === 'overview') return reply(res, 200, answers.overview());
  if (p === 'changes') return reply(res, 200, { changes: answers.changes.slice(0, Number(q.get('limit') ?? 50)) });
  if (p === 'probes') return reply(res, 200, answers.probes());
  if (p === 'access') return reply(res, 200, access(q));
  if (p === 'access/results') return reply(res, 200, access_results(q));
  if (p === 'storage') return reply(res, 200, answers.storage());
  if (p === 'mesh')
    return reply(
      res,
      200,
      answers.mesh(
        q.get('figure') ?? 'rtt_p50',
        Number(q.get('family') ?? 4),
        q.get('method') ?? 'echo',
        Number(q.get('minutes') ?? 1),
      ),
    );
  if (path) {
    const to = Number(q.get('to') ?? Date.now());
    const body = path[2]
      ? answers.series(path[1], Number(q.get('from') ?? to - 3600e3), to, Number(q.get('points') ?? 600))
      : answers.detail(path[1]);
    return body ? reply(res, 200, body) : reply(res, 404, fault('not_found', `no path ${path[1]}`));
  }
  if (p === 'live') return follow(q, req, res);
  return reply(res, 404, fault('not_found', 'no such endpoint'));
}

function post(url, req, res, body) {
  const p = url.pathname.slice('/api/v1/'.length);
  if (p === 'session') {
    if (body.user !== 'admin' || body.password !== (process.env.GNOMON_PASSWORD ?? 'mock'))
      return reply(res, 401, fault('unauthenticated', 'name or password is wrong'));
    const key = Math.random().toString(36).slice(2);
    sessions.set(key, { user: 'admin', role: 'admin', csrf: key + 'c' });
    return reply(res, 200, session_body(sessions.get(key)), {
      'Set-Cookie': `gnomon_session=${key}; HttpOnly; SameSite=Strict; Path=/`,
    });
  }
  const session = session_of(req);
  if (!session) return reply(res, 401, fault('unauthenticated', 'log in as admin first'));
  if (req.headers['x-gnomon-csrf'] !== session.csrf)
    return reply(res, 403, fault('permission', 'the header X-Gnomon-Csrf is missing'));
  const link = /^lab\/links\/(.+)$/.exec(p);
  if (link) {
    const done = answers.set_link(decodeURIComponent(link[1]), body);
    if (!done) return reply(res, 404, fault('not_found', 'no such link'));
    broadcast('link', done.answer.link);
    broadcast('change', done.change);
    if (body.action !== 'set')
      setTimeout(
        () =>
          broadcast(
            'change',
            answers.change(
              body.action === 'fail' ? 'group_broken' : 'group_restored',
              { count: done.using },
              `${done.using} of ${paths.length} paths ${body.action === 'fail' ? 'lost' : 'restored'}`,
              `${paths.length} 条路径中 ${done.using} 条${body.action === 'fail' ? '中断' : '恢复'}`,
            ),
          ),
        3000,
      );
    return reply(res, 200, done.answer);
  }
  if (p === 'probes') {
    const key = answers.refused.findIndex((k) => k.public_key_hex === body.public_key);
    if (key >= 0) answers.refused.splice(key, 1);
    const probe = {
      id: body.public_key.slice(0, 32),
      name: body.name ?? body.public_key.slice(0, 8),
      site: body.site ?? null,
      enrolled_unix_ms: Date.now(),
      last_seen_unix_ms: null,
      version: null,
      state: 'never',
      sequence: null,
      spool: null,
      vantage: null,
      paths: 0,
      dropped_windows: 0,
      packets_late: 0,
      plan_revision: null,
    };
    answers.extra_probes.push(probe);
    return reply(res, 201, probe);
  }
  if (p === 'password') {
    if (body.old !== (process.env.GNOMON_PASSWORD ?? 'mock'))
      return reply(res, 403, fault('permission', 'the old password is wrong'));
    return reply(res, 204);
  }
  if (p === 'storage/retention') return reply(res, 200, answers.storage());
  return reply(res, 404, fault('not_found', 'no such endpoint'));
}

// A past that has something to show.
const t = Date.now();
outages.set('gz-core--ix', [{ from: t - 41 * 60e3, to: t - 33 * 60e3 }]);
answers.change(
  'probe_sick',
  { probe: site_of.get('zq-fixed').probe },
  'Probe zq-fixed is not well: its gateway does not answer; its 57 paths are not judged.',
  '探针 zq-fixed 状态异常：网关无应答；它的 57 条路径暂不评判。',
  t - 52 * 60e3,
);
answers.change(
  'link_failed',
  { link: 'gz-core--ix' },
  'Link gz-core--ix is down (both directions).',
  '链路 gz-core--ix 已断开（双向）。',
  t - 41 * 60e3,
);
answers.change(
  'group_broken',
  { count: 96 },
  '96 of 380 paths lost: all through ix, over IPv4 and IPv6.',
  '380 条路径中 96 条中断：均经交换中心，IPv4 与 IPv6 皆受影响。',
  t - 41 * 60e3 + 11e3,
);
answers.change(
  'link_healed',
  { link: 'gz-core--ix' },
  'Link gz-core--ix is healed.',
  '链路 gz-core--ix 已恢复。',
  t - 33 * 60e3,
);
answers.change(
  'group_restored',
  { count: 96 },
  '96 paths are restored after 8 min 4 s.',
  '96 条路径在中断 8 分 4 秒后恢复。',
  t - 33 * 60e3 + 9e3,
);
answers.change(
  'key_refused',
  {},
  'A probe that calls itself hz-campus knocked with an unknown key; its batches are refused.',
  '自称 hz-campus 的探针使用未知密钥，其批次已被拒收。',
  t - 10 * 60e3,
);
answers.change(
  'probe_silent',
  { site: 'road' },
  'Probe road has been silent for 60 s.',
  '探针 road 已失联 60 秒。',
  t - 5 * 60e3,
);

createServer((req, res) => {
  const url = new URL(req.url, 'http://mock');
  if (!url.pathname.startsWith('/api/v1/')) return file(res, url.pathname);
  if (req.method === 'GET') return get(url, req, res);
  if (req.method === 'DELETE') {
    if (url.pathname.endsWith('/session')) sessions.clear();
    return reply(res, 204, undefined, { 'Set-Cookie': 'gnomon_session=; Max-Age=0; Path=/' });
  }
  let text = '';
  req.on('data', (d) => (text += d));
  req.on('end', () => post(url, req, res, text ? JSON.parse(text) : {}));
  return undefined;
}).listen(Number(process.argv[2] ?? process.env.PORT ?? 8781), '127.0.0.1', function () {
  console.log(`mock on http://127.0.0.1:${this.address().port}/ with ${paths.length} paths`);
});

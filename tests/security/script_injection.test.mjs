// Names are chosen by plans, region files, users, probes and strangers. Wherever they turn up — pages, errors, metrics,
// logs, terminals — they are text and nothing else.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {writeFileSync, mkdtempSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Probe, handIn, ingestBody} from './batch.mjs';
import {Observatory, root, until} from './observatory.mjs';

const {chromium} = createRequire(join(root, 'tests/e2e/package.json'))('playwright-core');

// Each calls ran() if anything takes it for more than text.
const payloads = [
  '"><img src=x onerror=ran(1)>', '<script>ran(2)</script>', '</script><svg onload=ran(3)>', '\'onmouseover=ran(4) x=\'', 'javascript:ran(5)',
  '<iframe srcdoc="<script>parent.ran(6)</script>">', '{{constructor.constructor("ran(7)")()}}', '${ran(8)}', '<style>@import "//x"</style><b>', '--><a href=javascript:ran(9)>x</a>',
];
const payload = (i) => payloads[i % payloads.length];

const names = {probe: payload(0), site: payload(1), item: payload(2), target: payload(3), targetSite: payload(4), address: payload(5), access: payload(6),
  version: payload(7), complaint: payload(8), link: payload(9), gateway: payload(0), reason: payload(1), clock: payload(2), plan: payload(3)};

let server;
let browser;
let hostile_path;
const probe = new Probe();

before(async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'gnomon-security-'));
  const region = join(scratch, 'hostile.yaml');
  const quote = JSON.stringify;  // JSON's strings are YAML's
  writeFileSync(region, `name: hostile
title: {en: ${quote(payload(0))}, zh: ${quote(payload(1))}}
sites:
  - {id: aa, name: {en: ${quote(payload(2))}, zh: ${quote(payload(3))}}, kind: city, at: [23.1, 113.2]}
  - {id: bb, name: ${quote(payload(4))}, kind: city, at: [22.5, 114.0]}
links:
  - {between: [aa, bb], delay: 2ms, fault: ${quote(payload(5))}}
`);
  server = await Observatory.start({folder: scratch, command: ['up', '--lab', region], env: {GNOMON_LAB_SOCKET: join(scratch, 'lab.sock')}});
  const token = server.token('admin', 'admin');
  const enrol = async (name, site, publicHex) => {
    const answer = await fetch(`${server.url}/api/v1/probes`, {method: 'POST', headers: {authorization: `Bearer ${token}`}, body: JSON.stringify({public_key: publicHex, name, site})});
    assert.equal(answer.status, 201);
  };
  await enrol(payload(6), payload(7), probe.publicHex);
  // An admin's slip or spite: line ends and escapes in a name.
  await enrol('evil\n# HELP forged a\nforged 1', '\x1b]0;owned\x07\x1b[2J', new Probe().publicHex);
  for (let i = 0; i < 3; ++i) assert.deepEqual((await handIn(server.url, ingestBody(probe.batch(names)))).verdicts, [1]);
  // One that nobody knows: its name is told to the admins.
  assert.deepEqual((await handIn(server.url, ingestBody(new Probe().batch({probe: payload(0)})))).verdicts, [3]);
  // Methods are chosen by probes, too.
  assert.deepEqual((await handIn(server.url, ingestBody(probe.batch({...names, method: payload(1)})))).verdicts, [1]);
  const {paths} = await (await fetch(`${server.url}/api/v1/paths`)).json();
  hostile_path = paths.find((path) => path.plan_item === payload(2)).id;
  await until(async () => (await (await fetch(`${server.url}/api/v1/paths`)).json()).paths.length >= 3);
  browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', headless: true, args: ['--no-sandbox', '--disable-gpu']});
});
after(async () => {
  await browser?.close();
  assert.equal(await server.stop(), 0);
});

test('no page runs a name, in either language', async () => {
  const url_parts = payloads.map(encodeURIComponent);
  const pages = ['/', '/mesh', '/mesh?as=table', '/paths', `/paths/${hostile_path}`, '/probes', '/storage', `/paths?q=${url_parts[0]}`, `/paths?site=${url_parts[2]}&method=${url_parts[1]}`,
    `/paths/${url_parts[0]}`, `/${url_parts[2]}`, `/#${url_parts[0]}`, `/mesh?figure=${url_parts[1]}&family=${url_parts[0]}`, `/paths/${hostile_path}?from=${url_parts[0]}&to=${url_parts[2]}`];
  const seen = {};
  for (const locale of ['en-GB', 'zh-CN']) {
    const context = await browser.newContext({locale});
    const page = await context.newPage();
    const faults = [];
    page.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    await page.exposeFunction('ran', (which) => faults.push(`payload ${which} ran`));
    page.on('request', (request) => { if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) faults.push(`request: ${request.url()}`); });
    await page.addInitScript(() => {
      globalThis.violations = [];
      document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
    });
    for (const path of pages) {
      const answer = await page.goto(server.url + path, {waitUntil: 'load'});
      // The application has drawn what it fetched; a target that is refused is answered by JSON.
      if (answer.headers()['content-type'].startsWith('text/html')) {
        await page.waitForFunction(() => document.querySelector('main h1') && !document.querySelector('.notice.loading'));
      }
      if (['/paths', '/probes'].includes(path)) await page.locator('main [role=row] >> nth=1').waitFor();
      const found = await page.evaluate(() => ({
        violations: globalThis.violations,
        injected: [...document.querySelectorAll('img[src="x"], svg[onload], iframe, [onerror], [onmouseover], a[href^="javascript:"], script:not([src])')].map((element) => element.outerHTML),
        text: document.body.innerText,
      }));
      assert.deepEqual(found.violations, [], `${path} (${locale})`);
      assert.deepEqual(found.injected, [], `${path} (${locale})`);
      seen[`${path} ${locale}`] = found.text;
    }
    assert.deepEqual(faults, [], locale);
    await context.close();
  }
  // They are there, as they were written: a page that shows nothing would prove nothing.
  for (const path of ['/paths', '/probes']) assert.ok(payloads.some((text) => seen[`${path} en-GB`].includes(text)), `${path} shows no payload`);
});

test('answers are JSON, and no browser takes them for pages', async () => {
  for (const path of ['/api/v1/status', '/api/v1/region', '/api/v1/overview', '/api/v1/paths', '/api/v1/changes', '/api/v1/probes', '/api/v1/mesh', `/api/v1/paths/${hostile_path}`,
    `/api/v1/${encodeURIComponent(payload(0)).replaceAll('%2F', '')}`, `/api/v1/paths?method=${encodeURIComponent(payload(1))}`, `/api/v1/mesh?figure=${encodeURIComponent(payload(0))}`,
    `/api/v1/changes?limit=${encodeURIComponent(payload(0))}`, `/ledger/${encodeURIComponent('<script>ran(1)')}`, `/api/v1/paths/${encodeURIComponent('<img src=x onerror=ran(1)>')}`]) {
    const answer = await fetch(server.url + path, {headers: {'user-agent': payload(0), referer: payload(1), 'accept': 'text/html'}});
    assert.match(answer.headers.get('content-type'), /^application\/json\b/, path);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'.*script-src 'self'/, path);
    JSON.parse(await answer.text());
    for (const [name, value] of answer.headers) assert.ok(!value.includes('<'), `${path}: ${name}`);
  }
  // A header is not to be split by what comes back in it.
  const split = await fetch(`${server.url}/api/v1/paths/${'%0d%0aSet-Cookie:%20gnomon_session=1'}`);
  assert.equal(split.status, 400);
  assert.equal(split.headers.get('set-cookie'), null);
});

test('/metrics: a label holds a name whole, and forges no sample', async () => {
  // A path of which nothing came for a while is not in the metrics.
  assert.deepEqual((await handIn(server.url, ingestBody(probe.batch(names)))).verdicts, [1]);
  const text = await (await fetch(`${server.url}/metrics`)).text();
  // OpenMetrics 1.0, section "Text format": in a label's value only \\, \" and \n are escaped, and nothing else ends it.
  const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
  const line = new RegExp(`^(# (HELP|TYPE|UNIT) .*|# EOF|[a-zA-Z_:][a-zA-Z0-9_:]*(\\{(${label}(,${label})*)?\\})? [^ ]+( [^ ]+)?)$`);
  const wrong = text.trimEnd().split('\n').filter((one) => !line.test(one));
  assert.deepEqual(wrong, []);
  assert.doesNotMatch(text, /^forged/m);
  assert.match(text, /ran\(\d\)/, 'no payload in the metrics: nothing was shown');
});

test('control characters of probes never get in', async () => {
  for (const evil of ['a\nb', '\x1b[2J', 'a\r', '\u009b31m', '\x7f', 'x'.repeat(257)]) {
    for (const place of ['probe', 'site', 'item', 'target', 'targetSite', 'address', 'access', 'version', 'complaint', 'link', 'gateway', 'reason', 'clock', 'plan']) {
      if (evil.length > 256 && ['complaint', 'reason'].includes(place)) continue;
      const {verdicts} = await handIn(server.url, ingestBody(new Probe().batch({[place]: evil})));
      assert.deepEqual(verdicts, [4], `${JSON.stringify(evil.slice(0, 9))} as ${place}`);
    }
  }
});

test('a flood of unknown keys does not push the history out', async () => {
  for (let i = 0; i < 60; ++i) await handIn(server.url, ingestBody(new Probe().batch({probe: `stranger ${i}`})));
  const {changes} = await (await fetch(`${server.url}/api/v1/changes?limit=200`)).json();
  const told = changes.filter((change) => change.kind === 'key_refused').length;
  assert.ok(told >= 1 && told <= 20, `${told} told`);
  assert.ok(server.log().split('batch of unknown key').length - 1 <= 20);
});

test('logs and terminals obey nobody\'s name', async () => {
  const forged = 'ann from 10.0.0.1\n2026-01-01T00:00:00.000Z info audit: login of admin from 10.0.0.1';
  for (const user of [forged, '\x1b[2Jann', 'ann\r', '\u009bann', payload(0)]) {
    await fetch(`${server.url}/api/v1/session`, {method: 'POST', body: JSON.stringify({user: user.slice(0, 64), password: 'x'})});
  }
  await fetch(`${server.url}/api/v1/%1b%5b2J`);
  await fetch(`${server.url}/api/v1/paths`, {headers: {'user-agent': 'a\tb\x1b[2J'}}).catch(() => null);
  const log = server.log();
  assert.match(log, /audit: login of /);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(log, /[\x00-\x08\x0b-\x1f\x7f]|\u009b/);
  assert.doesNotMatch(log, /^2026-01-01T00:00:00/m);
  for (const command of [['probe', 'list'], ['user', 'list']]) {
    const text = server.run(command);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f]|\u009b/, command.join(' '));
    assert.doesNotMatch(text, /^forged/m);
  }
});

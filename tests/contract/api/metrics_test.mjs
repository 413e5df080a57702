// GET /metrics: `promtool check metrics` on what it reads, and the rules of OpenMetrics 1.0 on the rest.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {startFixture} from './fixture.mjs';

let server;
before(async () => {
  server = await startFixture();
  await server.command('access');
  // The tables have them soon; a run in which they never do fails by the time limit.
  while (!(await metrics('*/*')).text.includes('gnomon_access_rpm{')) await new Promise((resolve) => setImmediate(resolve));
});
after(async () => assert.equal(await server.stop(), 0));

async function metrics(accept) {
  const answer = await fetch(`${server.url}/metrics`, {headers: {accept}});
  assert.equal(answer.status, 200);
  return {type: answer.headers.get('content-type'), text: await answer.text()};
}

for (const accept of ['*/*', 'text/plain']) {
  test(`promtool finds nothing wrong (Accept: ${accept})`, async () => {
    const {text} = await metrics(accept);
    const checked = spawnSync('promtool', ['check', 'metrics'], {input: text, encoding: 'utf8'});
    assert.equal(checked.error, undefined, 'promtool is missing: apt-get install prometheus');
    assert.equal(checked.stderr + checked.stdout, '');
    assert.equal(checked.status, 0);
  });
}

test('the three spellings say the same', async () => {
  const samples = (text) => text.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(/ (?=[^ ]*$)/)[0]);
  const [open, classic, both] = await Promise.all(['application/openmetrics-text', 'text/plain', '*/*'].map(metrics));
  assert.match(open.type, /^application\/openmetrics-text; version=1\.0\.0/);
  assert.match(classic.type, /^text\/plain; version=0\.0\.4/);
  assert.deepEqual(samples(open.text), samples(classic.text));
  assert.deepEqual(samples(open.text), samples(both.text));
});

test('OpenMetrics 1.0: one head a family, units in names, counters end in _total, # EOF', async () => {
  const {text} = await metrics('application/openmetrics-text; version=1.0.0');
  assert.ok(text.endsWith('# EOF\n'));
  const seen = new Set();
  let family;
  for (const line of text.trimEnd().split('\n').slice(0, -1)) {
    const head = line.match(/^# (TYPE|UNIT|HELP) (\S+) (.*)$/);
    if (head) {
      const [, what, name, rest] = head;
      if (what === 'TYPE') {
        assert.ok(!seen.has(name), `${name} comes twice`);
        seen.add(name);
        family = {name, type: rest};
        if (rest === 'counter') assert.ok(!name.endsWith('_total'), name);
      }
      assert.equal(name, family.name);
      if (what === 'UNIT') assert.ok(name.endsWith(`_${rest}`), line);
      continue;
    }
    const sample = line.match(/^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/);
    assert.ok(sample, line);
    assert.equal(sample[1], family.type === 'counter' ? `${family.name}_total` : family.name, line);
    assert.ok(Number.isFinite(Number(sample[3])), line);
  }
  assert.ok(seen.has('gnomon_delay_rtt_seconds') && seen.has('gnomon_ingest_batches'));
  assert.ok(seen.has('gnomon_access_throughput_bytes_per_second') && seen.has('gnomon_access_loaded_rtt_seconds'));
});

// Keys, passwords and tokens: where they are kept, who can read them there, and where they must never turn up.
import {after, before, test} from 'node:test';
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {createPrivateKey} from 'node:crypto';
import {existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Probe, handIn, ingestBody} from './batch.mjs';
import {Observatory, program, root, until} from './observatory.mjs';

const kPassword = 'Tr0ub4dor-and-the-horse';
let server;
let secrets;
const probe = new Probe();

const files = (folder) => readdirSync(folder, {withFileTypes: true}).flatMap((entry) => {
  const path = join(folder, entry.name);
  return entry.isDirectory() ? [path, ...files(path)] : [path];
});
const holds = (bytes, needle) => bytes.includes(needle);

before(async () => {
  server = await Observatory.start({umask: '000'});
  server.addUser('vera', 'admin', kPassword);
  const token = server.token('vera', 'admin');
  server.run(['probe', 'allow', probe.publicHex, '--name', 'p']);
  await handIn(server.url, ingestBody(probe.batch()));
  // Everything that can go right and wrong with them happens once.
  const logIn = (password) => fetch(`${server.url}/api/v1/session`, {method: 'POST', body: JSON.stringify({user: 'vera', password})});
  const good = await logIn(kPassword);
  const cookie = good.headers.get('set-cookie').split(';')[0].split('=')[1];
  const {csrf} = await good.json();
  await logIn(`${kPassword}!`);
  await fetch(`${server.url}/api/v1/session`, {method: 'POST', body: `{"user":"vera","password":"${kPassword}"`});
  await fetch(`${server.url}/api/v1/probes`, {method: 'POST', body: '{}', headers: {authorization: `Bearer ${token}`}});
  await fetch(`${server.url}/api/v1/paths?token=${token}`, {headers: {authorization: `Bearer ${token}`, cookie: `gnomon_session=${cookie}`}});
  const pem = readFileSync(join(server.data, 'keys/observatory.pem'), 'utf8');
  const seed = createPrivateKey(pem).export({format: 'der', type: 'pkcs8'}).subarray(-32);
  const base64 = pem.split('\n')[1];
  secrets = {
    'the first password': Buffer.from(server.password), 'a password': Buffer.from(kPassword), 'a token': Buffer.from(token.slice(7)),
    'a session': Buffer.from(cookie), 'a CSRF token': Buffer.from(csrf), 'the private key': seed,
    'the private key in hex': Buffer.from(seed.toString('hex')), 'the private key in PEM': Buffer.from(base64),
  };
});
after(async () => { await server.stop(); });

test('folders and files are for their owner alone, whatever the umask was', () => {
  for (const path of [server.data, ...files(server.data)]) {
    assert.equal(statSync(path).mode & 0o077, 0, `${path} has mode ${(statSync(path).mode & 0o777).toString(8)}`);
  }
});

test('no file of the data folder holds a password, token or session; the key stands in its own file only', () => {
  for (const path of files(server.data).filter((file) => statSync(file).isFile())) {
    const bytes = readFileSync(path);
    for (const [name, needle] of Object.entries(secrets)) {
      if (name === 'the private key in PEM' && path.endsWith('/keys/observatory.pem')) continue;
      assert.ok(!holds(bytes, needle), `${path} holds ${name}`);
    }
  }
});

test('logs, answers, errors, metrics and the process list hold none', async () => {
  // The first password stands on the terminal, once, and nowhere else.
  const log = server.log();
  assert.equal(log.split(server.password).length, 2);
  const places = {log: log.replace(server.password, '')};
  const token = server.token('vera', 'admin');
  for (const path of ['/metrics', '/api/v1/status', '/api/v1/session', '/api/v1/probes', '/api/v1/changes', '/api/v1/overview', '/api/v1/storage',
    '/api/v1/region', '/api/v1/paths', '/api/v1/none', '/ledger/key', '/ledger/checkpoint', '/users.json', '/keys/observatory.pem']) {
    const answer = await fetch(server.url + path, {headers: {authorization: `Bearer ${token}`}});
    places[path] = await answer.text() + JSON.stringify([...answer.headers]);
  }
  places['process list'] = execFileSync('ps', ['-ww', '-o', 'args', '-p', `${server.pid}`], {encoding: 'utf8'});
  places.environment = readFileSync(`/proc/${server.pid}/environ`, 'latin1');
  for (const [place, text] of Object.entries(places)) {
    for (const [name, needle] of Object.entries(secrets)) assert.ok(!holds(Buffer.from(text, 'latin1'), needle), `${place} holds ${name}`);
    assert.ok(!/argon2id|PRIVATE KEY/.test(text), place);
  }
  for (const [place, text] of Object.entries(places)) assert.ok(!text.includes(token.slice(7)), `${place} holds the token that asked`);
});

test('a key that others may read is refused, with what to do', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'gnomon-security-'));
  const first = await Observatory.start({folder: scratch});
  await first.stop({keep: true});
  execFileSync('chmod', ['644', join(scratch, 'data/keys/observatory.pem')]);
  const again = spawn(program, ['serve', '--data', join(scratch, 'data'), '--listen', '127.0.0.1:0']);
  let text = '';
  again.stderr.on('data', (part) => { text += part; });
  const code = await new Promise((resolve) => again.on('exit', resolve));
  assert.equal(code, 5);
  assert.match(text, /others than its owner may read it; run: chmod 600/);
  rmSync(scratch, {recursive: true, force: true});
});

test('a crash writes no core file, even where the shell allows it', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'gnomon-security-'));
  const child = spawn('/bin/sh', ['-c', 'ulimit -c unlimited; cd "$0"; exec "$@"', scratch, program, 'serve', '--data', join(scratch, 'data'), '--listen', '127.0.0.1:0']);
  let text = '';
  child.stdout.on('data', (part) => { text += part; });
  await until(() => text.includes('Ctrl-C'));
  assert.match(readFileSync(`/proc/${child.pid}/limits`, 'utf8'), /Max core file size +1 +1 /);
  // Not dumpable: /proc/PID belongs to root, and no other process of the same user may attach.
  const gone = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal)));
  child.kill('SIGABRT');
  assert.equal(await gone, 'SIGABRT');
  assert.deepEqual(readdirSync(scratch).filter((name) => name !== 'data'), []);
  rmSync(scratch, {recursive: true, force: true});
});

test('a dump that root takes of the live process holds neither key nor password', {skip: process.geteuid() !== 0 && 'only root may'}, () => {
  const dump = join(server.scratch, 'core');
  execFileSync('gcore', ['-o', dump, `${server.pid}`], {stdio: 'ignore'});
  const bytes = readFileSync(`${dump}.${server.pid}`);
  assert.ok(bytes.length > 1024 * 1024);
  // What must be there shows that the dump is a true one.
  assert.ok(holds(bytes, Buffer.from('Ctrl-C stops everything')));
  for (const name of ['the private key', 'the private key in hex', 'the private key in PEM', 'the first password', 'a password']) {
    assert.ok(!holds(bytes, secrets[name]), `the dump holds ${name}`);
  }
  rmSync(`${dump}.${server.pid}`);
});

test('secrets are taken from files, pipes and the environment, never from the command line', () => {
  for (const command of [['user', 'add'], ['user', 'passwd'], ['probe', 'allow'], ['serve'], ['up'], ['probe']]) {
    const help = execFileSync(program, [...command, '--help'], {encoding: 'utf8'});
    assert.doesNotMatch(help, /--(password|token|secret|key-text)(?![-\w])/, command.join(' '));
  }
  assert.ok(!existsSync(join(root, 'gnomon-data/users.json.new')));
});

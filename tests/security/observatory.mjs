// Starts the real `gnomon serve` in a folder of its own, and knows its process.
import {spawn, execFileSync} from 'node:child_process';
import {mkdtempSync, openSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const build = process.env.GNOMON_BUILD ?? join(root, 'build/release');
export const program = join(build, 'gnomon');

// Polls; a run that never gets there fails by the test's time limit.
export async function until(probe, every = 20) {
  for (;;) {
    const found = await probe();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

export class Observatory {
  // `command`: "serve", or "up" with its arguments; `umask`: of the server, octal text.
  static async start({listen = '127.0.0.1:0', command = ['serve'], args = [], env = {}, umask = '022', folder} = {}) {
    const scratch = folder ?? mkdtempSync(join(tmpdir(), 'gnomon-security-'));
    const log = join(scratch, 'log');
    const out = openSync(log, 'a');
    const line = [...command, '--data', join(scratch, 'data'), '--listen', listen, ...args];
    // exec: the shell becomes the server, so that the child's pid is its own.
    const child = spawn('/bin/sh', ['-c', 'umask "$0"; exec "$@"', umask, program, ...line],
      {stdio: ['ignore', out, out], env: {...process.env, ...env}});
    const self = new Observatory(child, scratch, log);
    await until(() => {
      if (child.exitCode !== null) throw new Error(`gnomon ended:\n${self.log()}`);
      return /Ctrl-C stops/.test(self.log());
    });
    self.url = /running at (\S+)/.exec(self.log())[1];
    self.port = Number(new URL(self.url).port);
    self.password = /with the password (\S+)/.exec(self.log())?.[1];
    return self;
  }

  constructor(child, scratch, logFile) {
    this.child = child;
    this.scratch = scratch;
    this.data = join(scratch, 'data');
    this.logFile = logFile;
  }

  get pid() { return this.child.pid; }
  log() { return readFileSync(this.logFile, 'utf8'); }

  // Runs another gnomon command on the same folder.
  run(args, input = '') {
    return execFileSync(program, [...args, '--data', this.data], {input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe']});
  }
  addUser(name, role, password) { this.run(['user', 'add', name, '--role', role], `${password}\n`); }
  token(user, role) { return this.run(['user', 'token', user, '--role', role]).trim(); }

  // Kilobytes, from /proc/PID/status.
  status(field) { return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]); }
  get residentKb() { return this.status('VmRSS'); }
  get peakKb() { return this.status('VmHWM'); }

  alive() { return this.child.exitCode === null && this.child.signalCode === null; }

  async stop({keep = false} = {}) {
    const ended = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve(code ?? signal)));
    if (this.alive()) this.child.kill('SIGINT');
    else return this.child.exitCode;
    const code = await ended;
    if (!keep) rmSync(this.scratch, {recursive: true, force: true});
    return code;
  }
}

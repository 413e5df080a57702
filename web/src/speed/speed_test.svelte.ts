// A whole speed test, step by step: a ticket, the wait, delay while idle, download and upload, over both families where
// the server has a name for each, and last the server keeps the result. What the page shows of it is reactive.

import { ApiError, get, send } from '../api/client';
import type { SpeedResult, SpeedResultKept, SpeedServer, SpeedTicket } from '../api/types';
import { ping } from './delay';
import { mean_mbps, type Figures, type Point } from './figures';
import type { Direction, Told } from './messages';

export type Family = '4' | '6';
export type Network = 'unknown' | 'fixed' | 'wifi' | '5g' | '4g' | 'other';
/** What was measured over one family: Mbit/s; nothing when it was not reached. */
export interface OverFamily {
  family: Family | null; // null: as the browser chose, not known yet
  download: number | null;
  upload: number | null;
  loaded: number | null;
  reached: boolean;
}

export type Step = 'ready' | 'waiting' | 'idle' | 'download' | 'upload' | 'done' | 'failed';

const IDLE_MS = 2000;
const PING_MS = 200;
// A test ends by itself after 13 s; then something on the way holds it.
const LOST_MS = 16_000;

class Stopped extends Error {}
/** No WebSocket connection came about. */
class Blocked extends Error {}

function give_back(ticket: string): void {
  void send('DELETE', `speed/ticket/${ticket}`).catch(() => {});
}

export class SpeedTest {
  step: Step = $state('ready');
  before = $state(0);
  wait_ms = $state(0);
  points: Point[] = $state.raw([]);
  download = $state<number | null>(null);
  upload = $state<number | null>(null);
  idle = $state<number | null>(null);
  loaded = $state<number | null>(null);
  family = $state<Family | null>(null);
  over: OverFamily[] = $state([]);
  /** What the visitor says that this device is connected by. */
  network: Network = $state('unknown');
  server: SpeedServer | null = $state.raw(null);
  result_id = $state<string | null>(null);
  /** As the server keeps it, with its verdicts; nothing while it is not known. */
  result: SpeedResult | null = $state.raw(null);
  not_kept = $state('');
  problem = $state('');
  /** The server is not reached by WebSocket, though by HTTP: a proxy, mostly. */
  blocked = $state(false);
  private ticket: string | null = null;
  private worker: Worker | null = null;
  private run = 0;

  get figures(): Figures {
    return { down: this.download ?? 0, up: this.upload ?? 0, idle: this.idle, loaded: this.loaded };
  }
  get running(): boolean {
    return this.step === 'waiting' || this.step === 'idle' || this.step === 'download' || this.step === 'upload';
  }

  async start(): Promise<void> {
    const run = ++this.run;
    Object.assign(this, { before: 0, download: null, upload: null, idle: null, loaded: null, family: null, over: [] });
    Object.assign(this, { problem: '', blocked: false, points: [], result_id: null, result: null, not_kept: '' });
    try {
      this.step = 'waiting';
      this.server = await get<SpeedServer>('speed/server');
      const hosts = this.hosts(this.server);
      await this.wait_for_turn(run, hosts.length * 2);
      this.step = 'idle';
      const idle = ping(PING_MS);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      this.idle = idle.stop();
      for (const host of hosts) await this.over_family(run, host);
      this.show_first_reached();
      await this.keep(run);
      // Used up; of a family that was not reached the rest is given back.
      if (this.over.every((one) => one.reached)) this.ticket = null;
      this.step = 'done';
    } catch (cause) {
      // Of a run that was stopped, what fails later says nothing: the line has forgotten its ticket, its worker is gone.
      if (run !== this.run) return;
      this.problem = cause instanceof ApiError || cause instanceof Error ? cause.message : String(cause);
      this.step = 'failed';
    } finally {
      if (run === this.run) this.give_back();
    }
  }

  /** Where to test: at the names that have one family each, or else at the page's own host. */
  private hosts(server: SpeedServer): string[] {
    const by_family = [server.ipv4, server.ipv6].filter((host) => host !== null);
    return by_family.length > 0 ? by_family : [location.host];
  }

  private async over_family(run: number, host: string): Promise<void> {
    const named = host === this.server?.ipv4 ? '4' : host === this.server?.ipv6 ? '6' : null;
    this.over.push({ family: named, download: null, upload: null, loaded: null, reached: false });
    const own = this.over.at(-1)!;
    const loaded: number[] = [];
    for (const direction of ['download', 'upload'] as const) {
      this.check(run);
      const full = ping(PING_MS);
      try {
        own[direction] = this[direction] = await this.transfer(direction, host);
        own.reached = true;
      } catch (cause) {
        // The other family may do; only when none does the test has failed.
        const is_last = this.over.length === this.hosts(this.server!).length;
        if (!(cause instanceof Blocked) || (is_last && !this.over.some((one) => one.reached))) throw cause;
        if (!own.reached) return;
      } finally {
        const delay = full.stop();
        if (delay !== null) loaded.push(delay);
      }
    }
    own.family ??= this.family;
    own.loaded = loaded.length > 0 ? Math.max(...loaded) : null;
    this.check(run);
  }

  /** The headline is of the faster family. */
  private show_first_reached(): void {
    const best = [...this.over].filter((one) => one.reached).sort((a, b) => (b.download ?? 0) - (a.download ?? 0))[0];
    if (!best) return;
    this.blocked = false;
    Object.assign(this, { download: best.download, upload: best.upload, loaded: best.loaded, family: best.family });
  }

  /** The server puts its own figures into the ledger, ours beside them. A result that is not kept is still one. */
  private async keep(run: number): Promise<void> {
    const nanoseconds = (ms: number | null) => (ms === null ? null : Math.round(ms * 1e6));
    const said = (one: OverFamily, direction: 'down' | 'up', mbps: number | null) => ({
      direction,
      family: Number(one.family ?? 0),
      throughput: mbps === null ? null : Math.round(mbps * 1e6),
      idle: nanoseconds(this.idle),
      loaded: nanoseconds(one.loaded),
    });
    const tests = this.over
      .filter((one) => one.reached)
      .flatMap((one) => [said(one, 'down', one.download), said(one, 'up', one.upload)]);
    try {
      const body = { ticket: this.ticket, network: this.network, tests };
      this.result_id = (await send<SpeedResultKept>('POST', 'speed/result', body)).id;
    } catch (cause) {
      this.not_kept = cause instanceof Error ? cause.message : String(cause);
    }
    this.check(run);
    if (!this.result_id) return;
    // The link shows it as well: a test whose result can't be read now is still one.
    const result = await get<SpeedResult>(`speed/result/${this.result_id}`).catch(() => null);
    this.check(run);
    this.result = result;
  }

  /** Also when the page is left. */
  stop(): void {
    if (!this.running) return;
    this.run++;
    this.worker?.terminate();
    this.worker = null;
    this.give_back();
    this.step = 'ready';
  }

  private check(run: number): void {
    if (run !== this.run) throw new Stopped();
  }

  private async wait_for_turn(run: number, tests: number): Promise<void> {
    this.check(run);
    let ticket = await send<SpeedTicket>('POST', `speed/ticket?tests=${tests}`);
    if (run !== this.run) give_back(ticket.id);
    this.check(run);
    this.ticket = ticket.id;
    while (ticket.before > 0) {
      this.before = ticket.before;
      this.wait_ms = ticket.wait_ns / 1e6;
      ticket = await get<SpeedTicket>(`speed/ticket/${ticket.id}`, { before: ticket.before });
      this.check(run);
    }
    this.check(run);
  }

  private give_back(): void {
    if (this.ticket) give_back(this.ticket);
    this.ticket = null;
  }

  private transfer(direction: Direction, host: string): Promise<number> {
    this.step = direction;
    this.points = [];
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const url = `${scheme}://${host}/ndt/v7/${direction}?client_name=gnomon-web&ticket=${this.ticket}`;
    const worker = new Worker(new URL('./ndt7_worker.ts', import.meta.url), { type: 'module' });
    this.worker = worker;
    return new Promise<number>((resolve, reject) => {
      let by_server: Point | undefined;
      const late = setTimeout(() => end(new Error('The test did not end in time.')), LOST_MS);
      const end = (error: Error | null) => {
        clearTimeout(late);
        worker.terminate();
        const last = direction === 'upload' ? (by_server ?? this.points.at(-1)) : this.points.at(-1);
        if (error && !last) reject(error);
        else resolve(mean_mbps(last));
      };
      worker.onerror = (event) => end(new Error(event.message || 'The worker did not start.'));
      worker.onmessage = ({ data }: MessageEvent<Told>) => {
        if (data.kind === 'bytes') this.points = [...this.points, { at: data.at, bytes: data.bytes }];
        else if (data.kind === 'server') {
          const app = data.word.AppInfo;
          if (app) by_server = { at: app.ElapsedTime / 1000, bytes: app.NumBytes };
          const client = data.word.ConnectionInfo?.Client;
          if (client) this.family = client.startsWith('[') ? '6' : '4';
        } else if (data.kind === 'end') {
          this.blocked = !data.opened;
          end(data.opened ? null : new Blocked('WebSocket'));
        }
      };
      worker.postMessage({ direction, url });
    });
  }
}

// A whole speed test, step by step: a ticket, the wait, delay while idle, download, upload. What the page shows of it is
// reactive.

import { ApiError, get, send } from '../api/client';
import type { SpeedTicket } from '../api/types';
import { ping } from './delay';
import { mean_mbps, type Figures, type Point } from './figures';
import type { Direction, Told } from './messages';

export type Step = 'ready' | 'waiting' | 'idle' | 'download' | 'upload' | 'done' | 'failed';

const IDLE_MS = 2000;
const PING_MS = 200;
// A test ends by itself after 13 s; then something on the way holds it.
const LOST_MS = 16_000;

class Stopped extends Error {}

export class SpeedTest {
  step: Step = $state('ready');
  before = $state(0);
  wait_ms = $state(0);
  points: Point[] = $state.raw([]);
  download = $state<number | null>(null);
  upload = $state<number | null>(null);
  idle = $state<number | null>(null);
  loaded = $state<number | null>(null);
  family = $state<'4' | '6' | null>(null);
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
    Object.assign(this, { before: 0, download: null, upload: null, idle: null, loaded: null, family: null });
    Object.assign(this, { problem: '', blocked: false, points: [] });
    try {
      await this.wait_for_turn(run);
      this.step = 'idle';
      const idle = ping(PING_MS);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      this.idle = idle.stop();
      const loaded: number[] = [];
      for (const direction of ['download', 'upload'] as const) {
        this.check(run);
        const full = ping(PING_MS);
        try {
          this[direction] = await this.transfer(direction);
        } finally {
          const delay = full.stop();
          if (delay !== null) loaded.push(delay);
        }
      }
      this.loaded = loaded.length > 0 ? Math.max(...loaded) : null;
      this.check(run);
      this.ticket = null; // Two tests use it up.
      this.step = 'done';
    } catch (cause) {
      if (cause instanceof Stopped) return;
      this.problem = cause instanceof ApiError || cause instanceof Error ? cause.message : String(cause);
      this.step = 'failed';
    } finally {
      if (run === this.run) this.give_back();
    }
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

  private async wait_for_turn(run: number): Promise<void> {
    this.step = 'waiting';
    let ticket = await send<SpeedTicket>('POST', 'speed/ticket');
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
    if (this.ticket) void send('DELETE', `speed/ticket/${this.ticket}`).catch(() => {});
    this.ticket = null;
  }

  private transfer(direction: Direction): Promise<number> {
    this.step = direction;
    this.points = [];
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const url = `${scheme}://${location.host}/ndt/v7/${direction}?client_name=gnomon-web&ticket=${this.ticket}`;
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
          end(data.opened ? null : new Error('WebSocket'));
        }
      };
      worker.postMessage({ direction, url });
    });
  }
}

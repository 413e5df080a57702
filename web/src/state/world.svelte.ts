// What the whole page shares: status, region, the latest changes, the session, and the live connection that keeps them.

import { get, send, use_csrf, ApiError } from '../api/client';
import { Live, type LiveEvent, type LiveState } from '../api/live';
import type { Change, Link, PathRow, Region, Session, Site, Status } from '../api/types';
import type { LiveRows } from './live_rows';
import { paths } from './paths.svelte';
import { view } from './view.svelte';

const CHANGES_KEPT = 200;
/** A path that is new to the page makes it read all again; not more often than this. */
const ASK_AGAIN_AFTER_MS = 10_000;
/** An event comes at least every five seconds. */
const QUIET_AFTER_MS = 20_000;

/** By the time it happened, which may be a little before the server was sure of it. */
function newest_first(a: Change, b: Change): number {
  return b.unix_ms - a.unix_ms || b.id - a.id;
}

class World {
  status: Status | null = $state.raw(null);
  region: Region | null = $state.raw(null);
  changes: Change[] = $state.raw([]);
  session: Session | null = $state.raw(null);
  live: LiveState = $state('connecting');
  retry_unix_ms: number | null = $state(null);
  /** Not reactive: every event moves it, and nobody looks at it but when the events stay away. */
  last_event_unix_ms = Date.now();
  quiet = $state(false);
  problem: string | null = $state(null);
  login_open = $state(false);

  admin = $derived(this.session?.role === 'admin');
  locked = $derived(this.session !== null && this.session.login_required && this.session.user === null);
  private paths_asked_ms = 0;
  private sites_by_id = $derived(new Map((this.region?.sites ?? []).map((s) => [s.id, s])));

  private readonly connection = new Live({
    event: (kind, body) => this.receive(kind, body),
    state: (state, retry) => {
      if (state === 'live' && this.live === 'lost') void this.load().catch(() => {}); // the connection tries on
      this.live = state === 'connecting' && this.live === 'lost' ? 'lost' : state;
      this.retry_unix_ms = retry;
    },
  });

  constructor() {
    setInterval(() => (this.quiet = Date.now() - this.last_event_unix_ms > QUIET_AFTER_MS), 1000);
  }

  site(id: string | null | undefined): Site | undefined {
    return id ? this.sites_by_id.get(id) : undefined;
  }

  async start(): Promise<void> {
    try {
      this.take_session(await get<Session>('session'));
      if (this.locked) {
        // Visitors who test their speed have no login and need none.
        this.login_open = !location.pathname.startsWith('/speed');
        return;
      }
      this.connection.start();
      await this.load();
    } catch (cause) {
      this.problem = cause instanceof ApiError ? cause.message : String(cause);
      this.connection.start();
    }
  }

  retry(): void {
    this.problem = null;
    if (this.session === null) void this.start();
    else this.connection.retry();
  }

  async login(user: string, password: string): Promise<void> {
    this.take_session(await send<Session>('POST', 'session', { user, password }));
    this.login_open = false;
    await this.load();
    this.connection.retry();
  }

  async logout(): Promise<void> {
    await send<void>('DELETE', 'session');
    this.take_session(await get<Session>('session'));
    if (this.locked) location.reload();
  }

  private take_session(session: Session): void {
    this.session = session;
    use_csrf(session.csrf);
  }

  /** What of the paths the live connection is to bring (interest.ts). */
  listen(interest: string): void {
    this.connection.listen(interest);
  }

  /** The frame of the page is shown as soon as status and region are there; the rows of all paths may take longer. */
  async load(): Promise<void> {
    const frame = Promise.all([
      get<Status>('status'),
      get<Region>('region'),
      get<{ changes: Change[] }>('changes', { limit: 100 }),
    ]).then(([status, region, changes]) => {
      this.take_status(status);
      this.region = region;
      this.changes = [...changes.changes].sort(newest_first);
    });
    await Promise.all([frame, this.load_paths()]);
    this.problem = null;
  }

  private async load_paths(): Promise<void> {
    this.paths_asked_ms = Date.now();
    paths.replace((await get<{ paths: PathRow[] }>('paths')).paths);
  }

  private take_status(status: Status): void {
    this.status = status;
    const oldest = status.store.levels.map((l) => l.oldest_unix_ms ?? Infinity);
    const raw = status.store.levels.find((l) => l.name === 'raw')?.oldest_unix_ms ?? Math.min(...oldest);
    if (Number.isFinite(raw)) view.history_ms = Math.max(0, status.now_unix_ms - raw);
  }

  put_link(link: Link): void {
    if (!this.region) return;
    this.region = { ...this.region, links: this.region.links.map((l) => (l.id === link.id ? link : l)) };
  }

  private receive(kind: LiveEvent, body: unknown): void {
    this.last_event_unix_ms = Date.now();
    if (this.quiet) this.quiet = false;
    if (this.live !== 'live') this.live = 'live';
    switch (kind) {
      case 'hello':
      case 'status':
        this.status = { ...this.status, ...(body as Status) };
        break;
      case 'paths':
        paths.update((body as { paths: PathRow[] }).paths);
        break;
      case 'figures':
      case 'states':
        if (paths.merge(body as LiveRows) && Date.now() - this.paths_asked_ms > ASK_AGAIN_AFTER_MS)
          void this.load_paths().catch(() => {}); // the next event asks again
        break;
      case 'change':
        this.add_change(body as Change);
        break;
      case 'link': {
        const link = body as Link & { link?: Link };
        this.put_link(link.link ?? link);
        break;
      }
    }
  }

  private add_change(change: Change): void {
    const others = this.changes.filter((c) => c.id !== change.id);
    this.changes = [change, ...others].sort(newest_first).slice(0, CHANGES_KEPT);
  }
}

export const world = new World();

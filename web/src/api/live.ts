// Server-sent events with a reconnect of our own (1 s doubling to 15 s), because EventSource gives up for good on an
// HTTP error, and because the page must say that it is waiting. What is listened to may change: a new stream then takes
// the place of the old one, and asks for the changes since the last event seen.

export type LiveEvent = 'hello' | 'paths' | 'figures' | 'states' | 'change' | 'link' | 'status';
export type LiveState = 'connecting' | 'live' | 'lost';

export interface LiveHandlers {
  event(kind: LiveEvent, body: unknown): void;
  state(state: LiveState, retry_unix_ms: number | null): void;
}

const KINDS: LiveEvent[] = ['hello', 'paths', 'figures', 'states', 'change', 'link', 'status'];
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

export class Live {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait_ms = FIRST_WAIT_MS;
  private interest = '';
  private last_id = '';

  constructor(private readonly handlers: LiveHandlers) {
    // The browser knows of a pulled cable long before a silent connection times out.
    addEventListener('offline', () => this.source && this.lost());
    addEventListener('online', () => this.retry());
  }

  /** The query of what is wanted of the paths; takes effect at once when connected, else with the next start. */
  listen(interest: string): void {
    if (interest === this.interest) return;
    this.interest = interest;
    if (this.source) this.open();
  }

  start(): void {
    this.stop();
    this.handlers.state('connecting', null);
    this.open();
  }

  /** Tries again at once: the user asked. */
  retry(): void {
    this.wait_ms = FIRST_WAIT_MS;
    this.start();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private open(): void {
    this.source?.close();
    const after = this.last_id ? `&after=${this.last_id}` : '';
    const source = new EventSource(`/api/v1/live?${this.interest}${after}`);
    this.source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        this.wait_ms = FIRST_WAIT_MS;
        this.last_id = message.lastEventId;
        this.handlers.event(kind, JSON.parse(message.data));
      });
    }
    source.onopen = () => this.handlers.state('live', null);
    source.onerror = () => this.lost();
  }

  private lost(): void {
    this.stop();
    this.handlers.state('lost', Date.now() + this.wait_ms);
    this.timer = setTimeout(() => this.start(), this.wait_ms);
    this.wait_ms = Math.min(this.wait_ms * 2, LONGEST_WAIT_MS);
  }
}

// Server-sent events with a reconnect of our own (1 s doubling to 15 s), because EventSource gives up for good on an
// HTTP error, and because the page must say that it is waiting.

export type LiveEvent = 'hello' | 'paths' | 'change' | 'link' | 'status';
export type LiveState = 'connecting' | 'live' | 'lost';

export interface LiveHandlers {
  event(kind: LiveEvent, body: unknown): void;
  state(state: LiveState, retry_unix_ms: number | null): void;
}

const KINDS: LiveEvent[] = ['hello', 'paths', 'change', 'link', 'status'];
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

export class Live {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait_ms = FIRST_WAIT_MS;

  constructor(private readonly handlers: LiveHandlers) {
    // The browser knows of a pulled cable long before a silent connection times out.
    addEventListener('offline', () => this.source && this.lost());
    addEventListener('online', () => this.retry());
  }

  start(): void {
    this.stop();
    this.handlers.state('connecting', null);
    const source = new EventSource('/api/v1/live');
    this.source = source;
    for (const kind of KINDS) {
      source.addEventListener(kind, (message: MessageEvent<string>) => {
        this.wait_ms = FIRST_WAIT_MS;
        this.handlers.event(kind, JSON.parse(message.data));
      });
    }
    source.onopen = () => this.handlers.state('live', null);
    source.onerror = () => this.lost();
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

  private lost(): void {
    this.stop();
    this.handlers.state('lost', Date.now() + this.wait_ms);
    this.timer = setTimeout(() => this.start(), this.wait_ms);
    this.wait_ms = Math.min(this.wait_ms * 2, LONGEST_WAIT_MS);
  }
}

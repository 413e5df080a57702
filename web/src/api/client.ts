// Requests to the server that served this page. One error type that a person can read; the session's CSRF word goes
// with every change.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Seconds, from Retry-After. */
    readonly retry_after: number | null = null,
  ) {
    super(message);
  }
}

let csrf: string | null = null;
export function use_csrf(word: string | null): void {
  csrf = word;
}

type Query = Record<string, string | number | null | undefined>;

function address(path: string, query?: Query): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') words.set(name, String(value));
  }
  const tail = words.toString();
  return `/api/v1/${path}${tail ? '?' + tail : ''}`;
}

async function failure(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get('Retry-After')) || null;
  try {
    const body = (await response.json()) as { error?: { code?: string; message?: string } };
    if (body.error?.message) {
      return new ApiError(response.status, body.error.code ?? 'error', body.error.message, wait);
    }
  } catch {
    // Not our JSON (a proxy's page, say): the status line says enough.
  }
  return new ApiError(response.status, 'http', `${response.status} ${response.statusText}`.trim(), wait);
}

async function answer<T>(request: Promise<Response>): Promise<T> {
  let response: Response;
  try {
    response = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'unreachable', 'The server does not answer.');
  }
  if (!response.ok) throw await failure(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return answer<T>(fetch(address(path, query), { headers: { Accept: 'application/json' }, signal: signal ?? null }));
}

/** An answer that is no JSON. */
export async function get_bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path, { cache: 'no-store' });
  if (!response.ok) throw await failure(response);
  return new Uint8Array(await response.arrayBuffer());
}

export function send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (csrf) headers['X-Gnomon-Csrf'] = csrf;
  return answer<T>(fetch(address(path), { method, headers, body: body === undefined ? null : JSON.stringify(body) }));
}

// Something fetched that depends on the view: old figures stay (dimmed by the page) while new ones are on their way,
// a failure keeps them and says so. Call inside a component's set-up.

import { ApiError } from '../api/client';

export interface Loaded<T> {
  readonly value: T | null;
  readonly loading: boolean;
  readonly problem: string | null;
  reload(): void;
}

/** `ask` is run again whenever a reactive value that it read before its first await changes, and every `every_ms`. */
export function load<T>(ask: (signal: AbortSignal) => Promise<T>, every_ms = 0): Loaded<T> {
  let value: T | null = $state.raw(null);
  let loading = $state(true);
  let problem: string | null = $state(null);
  let turn = $state(0);

  $effect(() => {
    void turn;
    const control = new AbortController();
    loading = true;
    ask(control.signal).then(
      (answer) => {
        if (control.signal.aborted) return;
        value = answer;
        problem = null;
        loading = false;
      },
      (cause: unknown) => {
        if (control.signal.aborted) return;
        problem = cause instanceof ApiError ? cause.message : String(cause);
        loading = false;
      },
    );
    return () => control.abort();
  });

  $effect(() => {
    if (!every_ms) return;
    const timer = setInterval(() => {
      if (!document.hidden && !loading) turn++;
    }, every_ms);
    return () => clearInterval(timer);
  });

  return {
    get value() {
      return value;
    },
    get loading() {
      return loading;
    },
    get problem() {
      return problem;
    },
    reload: () => {
      turn++;
    },
  };
}

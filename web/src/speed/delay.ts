// How long the smallest answer of the server takes, again and again: its median, and whether the line is idle or full.

import { median } from './figures';

export interface Pings {
  stop(): number | null;
}

/** Begins to ask every `every_ms`, one question at a time; stop() gives the median in milliseconds. */
export function ping(every_ms: number): Pings {
  const delays: number[] = [];
  let running = true;
  let asked = 0;
  const ask = async () => {
    while (running) {
      const begun = performance.now();
      try {
        await (await fetch('/healthz', { cache: 'no-store' })).text();
        const took = performance.now() - begun;
        // The first may open a connection.
        if (asked++ > 0 && running) delays.push(took);
      } catch {
        // A lost answer is no delay; the test itself tells of a line that is gone.
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, every_ms - (performance.now() - begun))));
    }
  };
  void ask();
  return {
    stop() {
      running = false;
      return median(delays);
    },
  };
}

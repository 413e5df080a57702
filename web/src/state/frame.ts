// Work that waits for the next animation frame: whatever several live events of one moment change is computed, laid out
// and painted once.

/** A hidden page gets no animation frames; it still has to stay right. */
const HIDDEN_MS = 250;

let waiting: (() => void)[] = [];

export function in_next_frame(work: () => void): void {
  waiting.push(work);
  if (waiting.length > 1) return;
  if (document.hidden) setTimeout(run, HIDDEN_MS);
  else requestAnimationFrame(run);
}

function run(): void {
  const due = waiting;
  waiting = [];
  for (const work of due) work();
}

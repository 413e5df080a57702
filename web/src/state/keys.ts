// The keyboard of the whole page: `/` search, `g` then a letter, `[` and `]` in time, `?` help. Pure but for its callbacks.

import type { Page } from './view.svelte';

export const GO_KEYS: Record<string, Page> = {
  o: 'overview',
  m: 'mesh',
  p: 'paths',
  a: 'access',
  r: 'probes',
  s: 'storage',
  t: 'speed',
};

export interface KeyActions {
  go(page: Page): void;
  search(): void;
  shift(direction: -1 | 1): void;
  help(): void;
}

const CHORD_MS = 1500;

function is_typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && target.type !== 'radio' && target.type !== 'checkbox';
}

export function key_handler(actions: KeyActions): (event: KeyboardEvent) => void {
  let chord_until = 0;
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || is_typing(event.target)) return;
    if (document.querySelector('dialog[open]')) return;
    const page = GO_KEYS[event.key];
    if (event.timeStamp < chord_until && page) {
      chord_until = 0;
      actions.go(page);
    } else if (event.key === 'g') {
      chord_until = event.timeStamp + CHORD_MS;
      return;
    } else if (event.key === '/') actions.search();
    else if (event.key === '[') actions.shift(-1);
    else if (event.key === ']') actions.shift(1);
    else if (event.key === '?') actions.help();
    else return;
    event.preventDefault();
  };
}

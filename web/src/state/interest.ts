// What of the paths a view must be told as it happens: the query of GET live. A page that shows no path costs no bytes.
// Pure.

import type { Page } from './view.svelte';

export interface Viewed {
  page: Page | null;
  subject: string | null;
  family: string;
  /** Of the mesh. */
  method: string;
  minutes: number;
}

export function interest_of(view: Viewed): string {
  const words = new URLSearchParams();
  if (view.page === 'overview') words.set('rows', 'states');
  else if (view.page === 'paths' && view.subject) words.set('path', view.subject);
  else if (view.page === 'paths') {
    words.set('rows', 'figures');
    if (view.family) words.set('family', view.family);
  } else if (view.page === 'mesh' && view.minutes === 1) {
    words.set('rows', 'figures');
    words.set('family', view.family || '4');
    words.set('method', view.method);
  } else words.set('rows', 'none');
  return words.toString();
}

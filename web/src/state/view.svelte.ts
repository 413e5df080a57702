// The view is the URL: page, subject, range and filters. Reading it is reactive; changing it goes through go() and set().

import { fresh_default, parse_range, range_words, type Range } from './range';

export const PAGES = ['overview', 'mesh', 'paths', 'access', 'probes', 'storage', 'speed'] as const;
export type Page = (typeof PAGES)[number];
export type FamilyChoice = '' | '4' | '6';

class View {
  private path = $state(location.pathname);
  private search = $state(location.search);

  query = $derived(new URLSearchParams(this.search));
  private parts = $derived(this.path.split('/').filter(Boolean).map(decodeURIComponent));
  page: Page | null = $derived.by(() => {
    const name = this.parts[0] ?? 'overview';
    return (PAGES as readonly string[]).includes(name) ? (name as Page) : null;
  });
  subject: string | null = $derived(this.parts[1] ?? null);
  /** How long there have been figures, from the server's answers; an hour until it is known. */
  history_ms = $state(Infinity);
  range: Range = $derived(parse_range(this.query, fresh_default(this.history_ms)));
  family: FamilyChoice = $derived.by(() => {
    const f = this.query.get('family');
    return f === '4' || f === '6' ? f : '';
  });

  constructor() {
    addEventListener('popstate', () => this.read());
  }

  word(name: string): string {
    return this.query.get(name) ?? '';
  }

  /** What goes along to another page. Kept, since a list asks for the address of every row. */
  private carried = $derived.by(() => {
    const query = new URLSearchParams();
    for (const name of ['range', 'from', 'to', 'family']) {
      const value = this.query.get(name);
      if (value) query.set(name, value);
    }
    return query.toString();
  });

  /** The address of another page; range and family go along. */
  href(page: Page, subject: string | null = null, words: Record<string, string | null> | null = null): string {
    const path = page === 'overview' ? '/' : `/${page}${subject ? '/' + encodeURIComponent(subject) : ''}`;
    let tail = this.carried;
    if (words) {
      const query = new URLSearchParams(tail);
      for (const [name, value] of Object.entries(words)) {
        if (value === null || value === '') query.delete(name);
        else query.set(name, value);
      }
      tail = query.toString();
    }
    return tail ? `${path}?${tail}` : path;
  }

  go(href: string): void {
    history.pushState(null, '', href);
    this.read();
    scrollTo(0, 0);
  }

  /** Changes words of the query in place; `step` makes it a step that Back undoes. */
  set(words: Record<string, string | null>, step = false): void {
    const query = new URLSearchParams(this.search);
    for (const [name, value] of Object.entries(words)) {
      if (value === null || value === '') query.delete(name);
      else query.set(name, value);
    }
    const tail = query.toString();
    const href = this.path + (tail ? `?${tail}` : '');
    if (step) history.pushState(null, '', href);
    else history.replaceState(null, '', href);
    this.read();
  }

  set_range(range: Range): void {
    this.set(range_words(range), true);
  }

  private read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }
}

export const view = new View();

/** For links: ordinary clicks stay in the page, everything else (new tab, middle button) is the browser's. */
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest('a');
  if (!link || link.target || link.origin !== location.origin || link.hasAttribute('download')) return;
  if (link.pathname.startsWith('/api') || link.pathname.startsWith('/ledger') || link.pathname === '/metrics') return;
  event.preventDefault();
  view.go(link.pathname + link.search);
}

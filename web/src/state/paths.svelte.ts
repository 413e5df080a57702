// All paths, by id. The map itself is plain; `revision` is the one reactive thing, raised at most once per animation
// frame however many rows a live event brings, so that 1,500 paths cost one redraw.

import type { PathRow } from '../api/types';

class Paths {
  private readonly rows = new Map<string, PathRow>();
  private pending = false;
  revision = $state(0);
  loaded = $state(false);

  all: PathRow[] = $derived.by(() => {
    void this.revision;
    return [...this.rows.values()];
  });

  get(id: string): PathRow | undefined {
    void this.revision;
    return this.rows.get(id);
  }

  replace(rows: PathRow[]): void {
    this.rows.clear();
    for (const row of rows) this.rows.set(row.id, row);
    this.loaded = true;
    this.announce();
  }

  update(rows: PathRow[]): void {
    for (const row of rows) this.rows.set(row.id, row);
    this.announce();
  }

  private announce(): void {
    if (this.pending) return;
    this.pending = true;
    const tell = () => {
      this.pending = false;
      this.revision++;
    };
    // A hidden page gets no animation frames; it still has to stay right.
    if (document.hidden) setTimeout(tell, 250);
    else requestAnimationFrame(tell);
  }
}

export const paths = new Paths();

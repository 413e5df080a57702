// All paths, by id. The map itself is plain; what is reactive is raised at most once per animation frame however many
// rows a live event brings: `revision` with every change, `names_revision` only when who measures what changed, so that
// a list is named and ordered by name once and not with each window.

import type { PathRow } from '../api/types';
import { in_next_frame } from './frame';
import { merger, type LiveRows } from './live_rows';

class Paths {
  private readonly rows = new Map<string, PathRow>();
  private pending = false;
  /** What changed with the current revision, and what will have changed with the next. */
  private changed: string[] = [];
  private changing: string[] = [];
  private renamed = false;
  revision = $state(0);
  names_revision = $state(0);
  loaded = $state(false);
  count = $state(0);

  all: PathRow[] = $derived.by(() => {
    void this.revision;
    return [...this.rows.values()];
  });
  /** As of the last change of names: for what depends on identities only. */
  identities: PathRow[] = $derived.by(() => {
    void this.names_revision;
    return [...this.rows.values()];
  });
  methods: string[] = $derived([...new Set(this.identities.map((p) => p.method))].sort());

  get(id: string): PathRow | undefined {
    void this.revision;
    return this.rows.get(id);
  }

  /** For many rows at once: depends on the revision once instead of once a row. */
  reader(): (id: string) => PathRow | undefined {
    void this.revision;
    return (id) => this.rows.get(id);
  }

  /** Which rows the current revision brought; who saw the one before it needs to look at no others. */
  changes(): { revision: number; ids: readonly string[] } {
    return { revision: this.revision, ids: this.changed };
  }

  replace(rows: PathRow[]): void {
    this.rows.clear();
    for (const row of rows) this.rows.set(row.id, row);
    this.changed = rows.map((row) => row.id);
    // At once and together: a page that sees `loaded` must not show for one frame the empty list of before.
    this.names_revision++;
    this.revision++;
    this.count = this.rows.size;
    this.loaded = true;
  }

  /** Whole rows. */
  update(rows: PathRow[]): void {
    let fresh = false;
    for (const row of rows) {
      fresh ||= !this.rows.has(row.id);
      this.rows.set(row.id, row);
      this.changing.push(row.id);
    }
    this.announce(fresh);
  }

  /** States or figures; true when they speak of a path that is not known, so that all must be asked for again. */
  merge(live: LiveRows): boolean {
    let unknown = false;
    const merge = merger(live.columns);
    for (const values of live.rows) {
      const id = values[0] as string;
      const row = this.rows.get(id);
      if (row) {
        this.rows.set(id, merge(row, values));
        this.changing.push(id);
      } else unknown = true;
    }
    this.announce(false);
    return unknown && this.loaded;
  }

  private announce(renamed: boolean): void {
    this.renamed ||= renamed;
    if (this.pending) return;
    this.pending = true;
    in_next_frame(() => {
      this.pending = false;
      if (this.renamed) this.names_revision++;
      this.renamed = false;
      this.changed = this.changing;
      this.changing = [];
      this.revision++;
      this.count = this.rows.size;
    });
  }
}

export const paths = new Paths();

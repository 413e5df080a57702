// From sites, links and a view to what is drawn where. Pure, so that it is tested without a browser.

import type { Link, Site } from '../api/types';
import { kind_style } from './glyphs';
import { place_labels, text_width, type LabelPlace, type Rect } from './labels';
import { project, to_screen, type MapView } from './projection';
import { spread, type Placed } from './spread';

export interface PlacedSite extends Placed {
  site: Site;
  radius: number;
  /** The true place, when the dot had to move away from it. */
  home: Placed | null;
}

export interface PlacedLink {
  link: Link;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export interface Layout {
  sites: PlacedSite[];
  links: PlacedLink[];
  labels: LabelPlace[];
}

/** A site that hangs on one other site by an access link only ("gz-5g"). */
export function access_sites(links: readonly Link[]): Set<string> {
  const kinds = new Map<string, string[]>();
  for (const link of links) {
    for (const end of [link.a, link.b]) kinds.set(end, [...(kinds.get(end) ?? []), link.kind]);
  }
  const out = new Set<string>();
  for (const [site, list] of kinds) if (list.length === 1 && list[0]!.startsWith('access')) out.add(site);
  return out;
}

const RING = 3;
const SHIFT_SHOWN = 7;

export function lay_out(
  sites: readonly Site[],
  links: readonly Link[],
  view: MapView,
  width: number,
  height: number,
  name_of: (site: Site) => string,
  font: number,
  /** Routers are named only when zoomed in: at first the cities' own names orient well enough. */
  detail: boolean,
  /** Where the map's own buttons lie. */
  blocked: readonly Rect[],
): Layout {
  const access = access_sites(links);
  const placed = sites.filter((s) => s.lat !== null && s.lon !== null);
  const spots = placed.map((site) => {
    const [x, y] = to_screen(view, width, height, ...project(site.lon!, site.lat!));
    const style = kind_style(site.kind, access.has(site.id));
    return { id: site.id, x, y, radius: style.radius + RING, weight: style.weight };
  });
  const by_weight = [...spots].sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1));
  const at = spread(by_weight, 5);
  const shown: PlacedSite[] = placed.map((site, i) => {
    const home = spots[i]!;
    const place = at.get(site.id)!;
    const moved = Math.hypot(place.x - home.x, place.y - home.y) > SHIFT_SHOWN;
    return { site, ...place, radius: home.radius - RING, home: moved ? { x: home.x, y: home.y } : null };
  });
  const lines = lay_links(links, at);
  const wishes = shown
    .filter((s) => s.x > 0 && s.x < width && s.y > 0 && s.y < height && (detail || s.site.kind !== 'router'))
    .map((s) => {
      const style = kind_style(s.site.kind, access.has(s.site.id));
      const major = style.rank >= 9;
      const size = major ? font : font - 1;
      return {
        id: s.site.id,
        x: s.x,
        y: s.y,
        clear: s.radius + RING + 1,
        width: text_width(name_of(s.site), size) * (major ? 1.06 : 1),
        height: size * 1.25,
        rank: style.rank,
      };
    });
  const labels = place_labels(
    wishes,
    shown.map((s) => ({ x: s.x, y: s.y, radius: s.radius + RING })),
    lines.map((l) => [l.x0, l.y0, l.x1, l.y1] as const),
    { width, height },
    blocked,
  );
  return { sites: shown, links: lines, labels };
}

/** Several links between the same two sites lie side by side. */
function lay_links(links: readonly Link[], at: ReadonlyMap<string, Placed>): PlacedLink[] {
  const seen = new Map<string, number>();
  const out: PlacedLink[] = [];
  for (const link of links) {
    const a = at.get(link.a);
    const b = at.get(link.b);
    if (!a || !b) continue;
    const key = [link.a, link.b].sort().join('\n');
    const n = seen.get(key) ?? 0;
    seen.set(key, n + 1);
    const side = n === 0 ? 0 : (n % 2 ? 1 : -1) * Math.ceil(n / 2) * 5;
    const d = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    const ox = (-(b.y - a.y) / d) * side;
    const oy = ((b.x - a.x) / d) * side;
    out.push({ link, x0: a.x + ox, y0: a.y + oy, x1: b.x + ox, y1: b.y + oy });
  }
  return out;
}

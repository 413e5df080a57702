// Places labels beside their sites so that none covers another label or a site: greedy, most important first, eight
// candidate positions each; what finds no room is left out (it shows when pointed at). Pure.

export interface LabelWish {
  id: string;
  x: number;
  y: number;
  /** Distance from the site's centre at which the label may start. */
  clear: number;
  width: number;
  height: number;
  rank: number;
}

export interface LabelPlace {
  id: string;
  /** Left and middle of the text. */
  x: number;
  y: number;
  anchor: 'start' | 'middle' | 'end';
}

export interface Rect {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

const overlaps = (a: Rect, b: Rect): boolean => a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;

function crosses(r: Rect, s: readonly [number, number, number, number]): boolean {
  // Liang–Barsky: does the segment enter the rectangle?
  const [x0, y0, x1, y1] = s;
  let t0 = 0;
  let t1 = 1;
  const dx = x1 - x0;
  const dy = y1 - y0;
  for (const [p, q] of [
    [-dx, x0 - r.x0],
    [dx, r.x1 - x0],
    [-dy, y0 - r.y0],
    [dy, r.y1 - y0],
  ] as const) {
    if (p === 0) {
      if (q < 0) return false;
    } else {
      const t = q / p;
      if (p < 0) t0 = Math.max(t0, t);
      else t1 = Math.min(t1, t);
      if (t0 > t1) return false;
    }
  }
  return true;
}

function candidates(w: LabelWish): { place: LabelPlace; rect: Rect }[] {
  const g = w.clear + 3;
  const h = w.height / 2;
  const d = g * 0.72;
  const spots: [number, number, LabelPlace['anchor']][] = [
    [g, 0, 'start'],
    [-g, 0, 'end'],
    [0, -(g + h - 2), 'middle'],
    [0, g + h - 2, 'middle'],
    [d, -d - h + 3, 'start'],
    [d, d + h - 3, 'start'],
    [-d, -d - h + 3, 'end'],
    [-d, d + h - 3, 'end'],
  ];
  return spots.map(([dx, dy, anchor]) => {
    const x = w.x + dx;
    const y = w.y + dy;
    const x0 = anchor === 'start' ? x : anchor === 'end' ? x - w.width : x - w.width / 2;
    return { place: { id: w.id, x, y, anchor }, rect: { x0: x0 - 1, x1: x0 + w.width + 1, y0: y - h, y1: y + h } };
  });
}

export function place_labels(
  wishes: readonly LabelWish[],
  obstacles: readonly { x: number; y: number; radius: number }[],
  lines: readonly (readonly [number, number, number, number])[],
  bounds: { width: number; height: number },
  blocked: readonly Rect[] = [],
): LabelPlace[] {
  const taken: Rect[] = [...blocked];
  const dots = obstacles.map((o) => ({
    x0: o.x - o.radius,
    y0: o.y - o.radius,
    x1: o.x + o.radius,
    y1: o.y + o.radius,
  }));
  const out: LabelPlace[] = [];
  for (const wish of [...wishes].sort((a, b) => b.rank - a.rank)) {
    let best: { place: LabelPlace; rect: Rect; cost: number } | null = null;
    for (const [i, c] of candidates(wish).entries()) {
      const r = c.rect;
      if (r.x0 < 2 || r.x1 > bounds.width - 2 || r.y0 < 2 || r.y1 > bounds.height - 2) continue;
      if (taken.some((o) => overlaps(r, o)) || dots.some((o) => overlaps(r, o))) continue;
      // A link under a label is readable but not pretty: prefer free sides.
      const cost = lines.filter((l) => crosses(r, l)).length * 2 + i * 0.25;
      if (!best || cost < best.cost) best = { ...c, cost };
    }
    if (!best) continue;
    taken.push(best.rect);
    out.push(best.place);
  }
  return out;
}

/** About how wide a text is at a size: Chinese characters are square, Latin ones about half. */
export function text_width(text: string, size: number): number {
  let em = 0;
  for (const c of text)
    em += c.codePointAt(0)! > 0x2e80 ? 1 : /[iljt.,' ]/.test(c) ? 0.34 : /[A-Zmw]/.test(c) ? 0.74 : 0.6;
  return em * size;
}

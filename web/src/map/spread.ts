// Sites that would cover each other are moved apart: a short relaxation that keeps every site as near to its place as its
// neighbours allow. The same input gives the same output, whatever the order of earlier views. Pure.

export interface Spot {
  id: string;
  /** True place on the screen. */
  x: number;
  y: number;
  radius: number;
  /** Heavy spots stay; light ones yield. */
  weight: number;
}

export interface Placed {
  x: number;
  y: number;
}

const ROUNDS = 60;

export function spread(spots: readonly Spot[], gap: number): Map<string, Placed> {
  const at = spots.map((s, i) => {
    // Equal places need a direction each: spread them on a small spiral, the heaviest in the middle.
    const same = spots.slice(0, i).filter((o) => Math.hypot(o.x - s.x, o.y - s.y) < 0.5).length;
    const angle = -Math.PI / 2 + same * 2.4;
    const r = same === 0 ? 0 : 1;
    return { x: s.x + Math.cos(angle) * r, y: s.y + Math.sin(angle) * r };
  });
  for (let round = 0; round < ROUNDS; round++) {
    let moved = false;
    for (let i = 0; i < spots.length; i++) {
      for (let j = i + 1; j < spots.length; j++) {
        const a = at[i]!;
        const b = at[j]!;
        const wanted = spots[i]!.radius + spots[j]!.radius + gap;
        let dx = b.x - a.x;
        let dy = b.y - a.y;
        let d = Math.hypot(dx, dy);
        if (d >= wanted) continue;
        if (d < 1e-6) {
          dx = Math.cos(i + j);
          dy = Math.sin(i + j);
          d = 1;
        }
        const push = (wanted - d) / d;
        const total = spots[i]!.weight + spots[j]!.weight;
        const share_a = spots[j]!.weight / total;
        a.x -= dx * push * share_a;
        a.y -= dy * push * share_a;
        b.x += dx * push * (1 - share_a);
        b.y += dy * push * (1 - share_a);
        moved = true;
      }
    }
    if (!moved) break;
  }
  return new Map(spots.map((s, i) => [s.id, at[i]!]));
}

// The sign of each kind of site, around the origin, about `r` large; which kinds matter more when room is scarce.

export function glyph(kind: string, r: number): string {
  const circle = `M0 ${-r}a${r} ${r} 0 1 1 -.01 0z`;
  switch (kind) {
    case 'datacentre':
      return `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`;
    case 'exchange':
      return `M0 ${-r * 1.25}L${r * 1.25} 0L0 ${r * 1.25}L${-r * 1.25} 0z`;
    case 'cloud':
      return `M${-r * 0.6} ${-r}h${r * 1.2}l${r * 0.6} ${r}l${-r * 0.6} ${r}h${-r * 1.2}l${-r * 0.6} ${-r}z`;
    case 'factory':
      return `M0 ${-r * 1.15}L${r * 1.15} ${r * 0.85}H${-r * 1.15}z`;
    case 'road':
      return `M${-r * 1.2} ${-r * 0.6}h${r * 2.4}v${r * 1.2}h${-r * 2.4}z`;
    default:
      return circle;
  }
}

export interface KindStyle {
  radius: number;
  weight: number;
  rank: number;
}

export function kind_style(kind: string, is_access: boolean): KindStyle {
  if (is_access) return { radius: 3.4, weight: 1, rank: 2 };
  switch (kind) {
    case 'city':
      return { radius: 4.6, weight: 6, rank: 9 };
    case 'datacentre':
    case 'exchange':
    case 'cloud':
      return { radius: 4, weight: 3, rank: 7 };
    case 'router':
      return { radius: 2.4, weight: 8, rank: 1 };
    default:
      return { radius: 3.8, weight: 3, rank: 5 };
  }
}

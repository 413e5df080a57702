// One scale of colour for one quantity everywhere. Delay: cividis (Nuñez, Anderton, Renslow 2018), perceptually even and
// readable with colour-blindness and in print. Loss: from the page's neutral to a warm red, by theme.

type Rgb = readonly [number, number, number];

const CIVIDIS: readonly Rgb[] = [
  [0, 34, 78],
  [18, 53, 112],
  [59, 73, 108],
  [87, 93, 109],
  [112, 113, 115],
  [138, 134, 120],
  [165, 156, 116],
  [195, 179, 105],
  [225, 204, 85],
  [254, 232, 56],
];
const LOSS_LIGHT: readonly Rgb[] = [
  [233, 235, 232],
  [245, 214, 186],
  [238, 160, 110],
  [214, 90, 52],
  [150, 24, 22],
];
const LOSS_DARK: readonly Rgb[] = [
  [38, 45, 47],
  [92, 58, 44],
  [156, 74, 44],
  [214, 96, 56],
  [255, 150, 110],
];

function along(stops: readonly Rgb[], t: number): Rgb {
  const x = Math.min(1, Math.max(0, t)) * (stops.length - 1);
  const i = Math.min(stops.length - 2, Math.floor(x));
  const a = stops[i]!;
  const b = stops[i + 1]!;
  const f = x - i;
  return [0, 1, 2].map((c) => Math.round(a[c]! + (b[c]! - a[c]!) * f)) as unknown as Rgb;
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

/** Relative luminance (WCAG 2), to choose the ink on a coloured cell. */
export function luminance([r, g, b]: Rgb): number {
  const lin = (v: number) => (v <= 10.31475 ? v / 3294.6 : Math.pow((v / 255 + 0.055) / 1.055, 2.4));
  return 0.2126 * lin(r) + 0.7152 * lin(g) + 0.0722 * lin(b);
}

export function ink_on(rgb: Rgb): string {
  return luminance(rgb) > 0.22 ? '#10171a' : '#ffffff';
}

/** `t` in 0..1, low delay dark, high delay bright. */
export function delay_rgb(t: number): Rgb {
  return along(CIVIDIS, t);
}

export function loss_rgb(t: number, dark: boolean): Rgb {
  return along(dark ? LOSS_DARK : LOSS_LIGHT, t);
}

/** Where a loss ratio lies on its scale: logarithmic from 10 ppm to 100 %, 0 apart. */
export function loss_position(ratio: number): number {
  if (ratio <= 0) return 0;
  return Math.min(1, Math.max(0.06, (Math.log10(ratio) + 5) / 5));
}

/** Where a delay lies between the smallest and largest of what is shown; logarithmic, so that metro and long haul both read. */
export function delay_position(ns: number, low: number, high: number): number {
  if (!(high > low) || ns <= low) return 0;
  return Math.min(1, Math.log(ns / low) / Math.log(high / low));
}

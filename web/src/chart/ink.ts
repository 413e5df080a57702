// The page's colours for canvas drawing, read from the custom properties once per theme.

const NAMES = [
  'paper',
  'surface',
  'sunken',
  'ink',
  'ink-2',
  'ink-3',
  'line',
  'line-2',
  'accent',
  'broken',
  'broken-soft',
  'degraded',
  'smoke',
  'smoke-line',
  'there',
  'back',
  'reverse',
  'loss',
] as const;
export type Ink = Record<(typeof NAMES)[number], string> & { dark: boolean; font: string };

export function read_ink(dark: boolean): Ink {
  const style = getComputedStyle(document.documentElement);
  const ink = Object.fromEntries(NAMES.map((n) => [n, style.getPropertyValue(`--${n}`).trim()])) as unknown as Ink;
  ink.dark = dark;
  ink.font = style.fontFamily;
  return ink;
}

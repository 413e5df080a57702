// Web Mercator between degrees and the unit square, and a view of it: centre and scale. Pure.

export interface MapView {
  /** Centre in the unit square. */
  x: number;
  y: number;
  /** Pixels for the whole unit square. */
  scale: number;
}

/** [west, south, east, north] in degrees. */
export type Box = readonly [number, number, number, number];

export function project(lon: number, lat: number): [number, number] {
  const s = Math.sin((lat * Math.PI) / 180);
  return [(lon + 180) / 360, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}

export function to_screen(view: MapView, width: number, height: number, x: number, y: number): [number, number] {
  return [(x - view.x) * view.scale + width / 2, (y - view.y) * view.scale + height / 2];
}

/** The view that shows a box with `pad` pixels around it. */
export function fit(box: Box, width: number, height: number, pad: number): MapView {
  const [x0, y1] = project(box[0], box[1]);
  const [x1, y0] = project(box[2], box[3]);
  const wide = Math.max(1e-7, x1 - x0);
  const tall = Math.max(1e-7, y1 - y0);
  const scale = Math.min(Math.max(40, width - 2 * pad) / wide, Math.max(40, height - 2 * pad) / tall);
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale };
}

/** Zooms by `factor` with the point under (px, py) staying where it is. */
export function zoom_at(
  view: MapView,
  width: number,
  height: number,
  px: number,
  py: number,
  factor: number,
  low: number,
  high: number,
): MapView {
  const scale = Math.min(high, Math.max(low, view.scale * factor));
  const x = view.x + (px - width / 2) / view.scale;
  const y = view.y + (py - height / 2) / view.scale;
  return { x: x - (px - width / 2) / scale, y: y - (py - height / 2) / scale, scale };
}

export function pan(view: MapView, dx: number, dy: number): MapView {
  return { ...view, x: view.x - dx / view.scale, y: view.y - dy / view.scale };
}

/** The box around all positions, so that a region without bounds still fits. null without positions. */
export function box_of(sites: readonly { lat: number | null; lon: number | null }[]): Box | null {
  const placed = sites.filter((s): s is { lat: number; lon: number } => s.lat !== null && s.lon !== null);
  if (placed.length === 0) return null;
  const lons = placed.map((s) => s.lon);
  const lats = placed.map((s) => s.lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

// Cuts the land around the Pearl River delta out of Natural Earth 1:10m (npm world-atlas, public domain) and writes
// src/map/land.json: rings of [lon, lat] with four decimals (about 10 m). Run by hand (npm run land); the result is committed.

import { readFileSync, writeFileSync } from 'node:fs';
import { feature } from 'topojson-client';

const BOX = { west: 109.5, south: 20.2, east: 117.8, north: 26 };

const topology = JSON.parse(readFileSync(new URL('../node_modules/world-atlas/land-10m.json', import.meta.url)));
const land = feature(topology, topology.objects.land);

/** Sutherland–Hodgman against one side of the box. */
function clip_side(ring, inside, cross) {
  const out = [];
  for (let i = 0; i < ring.length; i++) {
    const a = ring[i];
    const b = ring[(i + 1) % ring.length];
    if (inside(a)) out.push(a);
    if (inside(a) !== inside(b)) out.push(cross(a, b));
  }
  return out;
}

function clip(ring) {
  const at_x = (x) => (a, b) => [x, a[1] + ((b[1] - a[1]) * (x - a[0])) / (b[0] - a[0])];
  const at_y = (y) => (a, b) => [a[0] + ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]), y];
  let r = ring.slice(0, -1);
  r = clip_side(r, (p) => p[0] >= BOX.west, at_x(BOX.west));
  r = clip_side(r, (p) => p[0] <= BOX.east, at_x(BOX.east));
  r = clip_side(r, (p) => p[1] >= BOX.south, at_y(BOX.south));
  r = clip_side(r, (p) => p[1] <= BOX.north, at_y(BOX.north));
  return r;
}

const round = (v) => Math.round(v * 1e4) / 1e4;
const polygons = land.features ? land.features.flatMap((f) => f.geometry.coordinates) : land.geometry.coordinates;
const rings = [];
for (const polygon of polygons) {
  for (const ring of polygon) {
    const cut = clip(ring).map(([x, y]) => [round(x), round(y)]);
    if (cut.length >= 3) rings.push(cut.flat());
  }
}
const out = {
  source: 'Natural Earth 1:10m land, version of npm world-atlas 2.0.2',
  licence: 'public domain',
  box: [BOX.west, BOX.south, BOX.east, BOX.north],
  rings,
};
const text = JSON.stringify(out);
writeFileSync(new URL('../src/map/land.json', import.meta.url), text + '\n');
console.log(`${rings.length} rings, ${rings.reduce((n, r) => n + r.length / 2, 0)} points, ${text.length} bytes`);

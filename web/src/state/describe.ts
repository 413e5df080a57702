// Names of sites, paths and methods as a reader says them, in the chosen language.

import type { PathRow, Words } from '../api/types';
import { in_reader_zone } from '../format/time';
import { prefs } from './prefs.svelte';
import { world } from './world.svelte';

export function say(words: Words | null | undefined): string {
  if (!words) return '';
  return prefs.language === 'zh' ? words.zh || words.en : words.en || words.zh;
}

/** A sentence of the server's, its times in the reader's zone. */
export function tell(words: Words | null | undefined): string {
  return in_reader_zone(say(words));
}

export function site_name(id: string | null | undefined): string {
  const site = world.site(id);
  return site ? say(site.name) || site.id : (id ?? '');
}

export function source_name(path: PathRow): string {
  return path.source_site ? site_name(path.source_site) : path.probe.slice(0, 8);
}

export function target_name(path: PathRow): string {
  return path.target_site ? site_name(path.target_site) : path.target;
}

export function path_name(path: PathRow): string {
  return `${source_name(path)} → ${target_name(path)}`;
}

export function family_name(family: number): string {
  return family === 6 ? 'IPv6' : 'IPv4';
}

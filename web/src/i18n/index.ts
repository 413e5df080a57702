// t('key', {words}) in the chosen language; reactive, since it reads prefs.

import { prefs } from '../state/prefs.svelte';
import { en, type Key } from './en';
import { fill } from './fill';
import { zh } from './zh';

export type { Key };

export function t(key: Key, words?: Record<string, string | number>): string {
  return fill((prefs.language === 'zh' ? zh : en)[key], words);
}

/** For keys made from outside words (a site's kind, say): the word itself when it is not in the dictionary. */
export function t_or(prefix: string, word: string): string {
  const key = `${prefix}.${word}`;
  return key in en ? t(key as Key) : word;
}

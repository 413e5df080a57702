// What the words of the URL choose on the mesh. The live connection asks too, so that it brings these paths alone.

import { paths } from './paths.svelte';
import { view } from './view.svelte';

export const WINDOWS = [1, 5, 15, 60] as const;

export function mesh_method(): string {
  const asked = view.word('method');
  return paths.methods.includes(asked) ? asked : (paths.methods[0] ?? 'echo');
}

export function mesh_minutes(): number {
  const asked = Number(view.word('minutes'));
  return (WINDOWS as readonly number[]).includes(asked) ? asked : 1;
}

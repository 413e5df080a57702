// The thread that paints the matrix.

import { CanvasSurface, type Told } from './mesh_surface';

let surface: CanvasSurface | null = null;

addEventListener('message', ({ data: told }: MessageEvent<Told>) => {
  if ('canvas' in told) surface = new CanvasSurface(told.canvas);
  else if ('whole' in told) surface?.whole(told.whole);
  else surface?.some(told.some);
});

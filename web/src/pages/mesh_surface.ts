// The canvas of the matrix: in a thread of its own where the browser can, since to fill a few hundred triangles takes longer
// than everything else of a live update together; in the page's thread elsewhere.

import { draw_mesh, draw_pair, type Face, type Faces, type MeshFrame } from './mesh_draw';

/** Everything anew. Sizes in CSS pixels; `scale` device pixels to one of them. */
export interface Whole {
  frame: MeshFrame;
  faces: Faces;
  width: number;
  height: number;
  scale: number;
}

/** Cells that look different, the frame being as it was. `places` as in Faces; `pairs` are those to paint, as it were the
 *  places of their upper halves. */
export interface Some {
  places: number[];
  faces: (Face | undefined)[];
  pairs: number[];
}

export interface Surface {
  whole(picture: Whole): void;
  some(changes: Some): void;
  close(): void;
}

/** What the thread is told: the canvas first. */
export type Told = { canvas: OffscreenCanvas } | { whole: Whole } | { some: Some };

export class CanvasSurface implements Surface {
  private readonly ctx: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  private shown: Whole | null = null;

  constructor(private readonly canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.ctx = canvas.getContext('2d') as typeof this.ctx;
  }

  whole(picture: Whole): void {
    const { canvas, ctx } = this;
    const { width, height, scale } = picture;
    // Setting the size throws the bitmap away, which is dear even when nothing changes.
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, width, height);
    draw_mesh(ctx, picture.frame, picture.faces);
    this.shown = picture;
  }

  some({ places, faces, pairs }: Some): void {
    if (this.shown === null) return;
    const { frame, faces: all } = this.shown;
    places.forEach((place, i) => (all[place] = faces[i]));
    const n = frame.names.length;
    for (const place of pairs) draw_pair(this.ctx, frame, all, Math.floor(place / n), place % n);
  }

  close(): void {}
}

class ThreadSurface implements Surface {
  private readonly thread = new Worker(new URL('./mesh_worker.ts', import.meta.url), { type: 'module' });

  constructor(canvas: HTMLCanvasElement) {
    const offscreen = canvas.transferControlToOffscreen();
    this.thread.postMessage({ canvas: offscreen } satisfies Told, [offscreen]);
  }

  whole(picture: Whole): void {
    this.thread.postMessage({ whole: picture } satisfies Told);
  }

  some(changes: Some): void {
    this.thread.postMessage({ some: changes } satisfies Told);
  }

  close(): void {
    this.thread.terminate();
  }
}

export function surface_of(canvas: HTMLCanvasElement): Surface {
  return 'transferControlToOffscreen' in canvas ? new ThreadSurface(canvas) : new CanvasSurface(canvas);
}

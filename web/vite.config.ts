import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const SERVER = process.env.GNOMON_URL ?? 'http://127.0.0.1:8780';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The server's Content-Security-Policy forbids data: scripts and inline styles, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': SERVER, '/ledger': SERVER, '/healthz': SERVER, '/metrics': SERVER } },
  test: { include: ['src/**/*.test.ts', 'scripts/**/*.test.mjs'], environment: 'node' },
});

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `THINKFIRST_URL` names the service that `vite dev console` talks to. */
const target = process.env['THINKFIRST_URL'] ?? 'http://127.0.0.1:8080';
// The page's own host and origin go along: the service refuses a page of another origin.
const service = { target, changeOrigin: false };

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    target: 'es2022',
    emptyOutDir: true,
    // Everything is a file of ours: the page's policy allows no data: script or style.
    assetsInlineLimit: 0,
    // A view whose style failed to load would be shown without one when it is tried again: there is one, loaded with the page.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': service, '/readyz': service } },
});

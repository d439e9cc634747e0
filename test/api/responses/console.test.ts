import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import type { ApiEnvironment } from '../../../src/api/dependencies.ts';
import { createConsoleRoutes } from '../../../src/api/routes/console.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const files = new Map([
  ['/index.html', { type: 'text/html; charset=utf-8', body: bytes('<p>page</p>'), gzip: bytes('zipped page') }],
  ['/assets/index-1a2b.js', { type: 'text/javascript; charset=utf-8', body: bytes('1'), gzip: bytes('zipped 1') }],
]);
const app = new Hono<ApiEnvironment>().route('/', createConsoleRoutes(files));

describe('the console’s routes', () => {
  it.each(['/', '/compare', '/jobs', '/trace', '/trace/resp_x', '/eval', '/settings'])(
    '%s is the page',
    async (path) => {
      const answer = await app.request(path);
      expect(await answer.text()).toBe('<p>page</p>');
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      const policy = answer.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).not.toContain('unsafe');
    },
  );

  it('gives files that carry a digest for good, compressed where the reader takes that', async () => {
    const answer = await app.request('/assets/index-1a2b.js', { headers: { 'accept-encoding': 'br, gzip' } });
    expect(await answer.text()).toBe('zipped 1');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('vary')).toBe('accept-encoding');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    const plain = await app.request('/assets/index-1a2b.js');
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(await plain.text()).toBe('1');
  });

  it.each(['/assets/none.js', '/index.html', '/v1/models', '/compare/more'])('%s is none of its own', async (path) => {
    expect((await app.request(path)).status).toBe(404);
  });
});

import { type Context, Hono } from 'hono';
import type { ApiEnvironment, ConsoleFile, ConsoleFiles } from '../dependencies.ts';

/** Views of `console/src/app.tsx`: each of these addresses is the one page, which shows the view itself. */
const pagePaths = ['/', '/compare', '/jobs', '/trace', '/trace/:id', '/eval', '/settings'];

/** Nothing from elsewhere is run, shown or asked, and nobody may frame the page. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/`, the console: a page and its files. They need no key; what the page asks of the API does. */
export function createConsoleRoutes(files: ConsoleFiles): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  const page = files.get('/index.html');

  for (const path of pagePaths) {
    if (page === undefined) break;
    routes.get(path, (c) => {
      c.header('content-security-policy', policy);
      c.header('cache-control', 'no-cache');
      return send(c, page);
    });
  }
  for (const [path, file] of files) {
    if (file === page) continue;
    routes.get(path, (c) => {
      // A file under assets/ carries the digest of its content in its name.
      const forever = path.startsWith('/assets/');
      c.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'public, max-age=3600');
      return send(c, file);
    });
  }
  return routes;
}

function send(c: Context<ApiEnvironment>, file: ConsoleFile): Response {
  c.header('content-type', file.type);
  c.header('vary', 'accept-encoding');
  if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? '')) return c.body(file.body);
  c.header('content-encoding', 'gzip');
  return c.body(file.gzip);
}

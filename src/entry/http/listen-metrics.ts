import { createServer } from 'node:http';
import { ourHosts } from '../../api/middleware/host-check.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { isLoopback } from '../check-access.ts';
import { type Environment, listed } from '../environment.ts';
import { StartError } from '../run-entry.ts';

/**
 * `/metrics`, `/healthz` and `/readyz` on an address of their own, without keys: for processes that have no API, and for
 * scrapers that should not hold a key. On loopback, only for a Host that is ours: a page in a browser there may have had its name
 * rebound. Nothing where no `METRICS_PORT` is set.
 * @throws StartError for an address that can't be bound
 */
export async function listenMetrics(
  { METRICS_HOST: host, METRICS_PORT: port, THINKFIRST_ALLOWED_HOSTS: allowed }: Environment,
  { metrics, ready }: { metrics: Pick<Metrics, 'text' | 'contentType'>; ready(): Promise<boolean> },
): Promise<{ port: number; close(): Promise<void> } | undefined> {
  if (port === undefined) return undefined;
  const isOurs = ourHosts(isLoopback(host) ? [host, ...listed(allowed)] : ['*']);
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string, headers: Readonly<Record<string, string>> = {}) => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers }).end(body);
    };
    if (!isOurs(request.headers.host ?? '')) return answer(403, 'text/plain', 'this Host header is not allowed\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'text/plain', 'only GET\n');
    switch (request.url?.split('?')[0]) {
      case '/metrics':
        metrics.text().then(
          (text) => answer(200, metrics.contentType, text),
          () => answer(500, 'text/plain', 'the metrics could not be read\n'),
        );
        return;
      case '/healthz':
        return answer(200, 'application/json', '{"status":"ok"}');
      case '/readyz':
        ready().then(
          (isReady) =>
            isReady
              ? answer(200, 'application/json', '{"status":"ready"}')
              : answer(503, 'application/json', '{"status":"not_ready"}', { 'retry-after': '2' }),
          () => answer(503, 'application/json', '{"status":"not_ready"}', { 'retry-after': '2' }),
        );
        return;
      default:
        return answer(404, 'text/plain', 'the paths are /metrics, /healthz and /readyz\n');
    }
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(`METRICS_PORT ${port} on ${host} cannot be opened (${error.code ?? error.message}).`)),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

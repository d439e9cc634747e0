import type { Environment } from './environment.ts';
import { again, type Invocation } from './invocation.ts';
import { addressUrl } from './listen.ts';
import { probeService } from './probe-service.ts';

/** ms */
const answerMs = 1_000;

/**
 * Why the API's address can't be bound, and what to do. `metricsPort`: the one that this process has opened for itself by now.
 */
export async function bindFault(
  error: NodeJS.ErrnoException,
  {
    environment: { HOST: host, PORT: port, REDIS_URL },
    invocation,
    metricsPort,
  }: {
    environment: Pick<Environment, 'HOST' | 'PORT' | 'REDIS_URL'>;
    invocation: Invocation;
    metricsPort: number | undefined;
  },
): Promise<string> {
  const other = port < 65_535 ? port + 1 : port - 1;
  switch (error.code) {
    case 'EADDRINUSE': {
      if (port === metricsPort) {
        return `PORT and METRICS_PORT are both ${port}. Give one of them another: ${again(invocation, { METRICS_PORT: other })}`;
      }
      const inUse = `Port ${port} on ${host} is in use`;
      if ((await probeService(addressUrl({ host, port }), answerMs)) !== 'absent') {
        // Without Redis one process alone may have the folder.
        const folder = REDIS_URL === undefined ? { THINKFIRST_DATA: `data-${other}` } : {};
        return `${inUse} by a Thinkfirst that runs already. For a second one: ${again(invocation, { PORT: other, ...folder })}`;
      }
      return `${inUse}. Stop what holds it, or choose another: ${again(invocation, { PORT: other })}`;
    }
    case 'EACCES':
      return `Port ${port} may not be opened by this user. Choose one above 1023: ${again(invocation, { PORT: 8080 })}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST ${host} is no address of this machine.`;
    default:
      return `Can't listen on ${host}:${port} (${error.code ?? error.message}).`;
  }
}

import { createServer } from 'node:net';
import { awaitService } from '../find-service.ts';
import { doubtful, type Finding, faulty, well } from './finding.ts';

/** Whether the service can listen there, or already does. */
export async function portFinding({ host, port }: { host: string; port: number }): Promise<Finding> {
  const fault = await bindFault(host, port);
  if (fault === undefined) return well('port', `${port} on ${host} is free`);
  const other = `Stop the program that uses it (ss -ltnp, on Windows netstat -ano), or choose another port: thinkfirst serve --port ${port + 1}`;
  switch (fault) {
    case 'EADDRINUSE':
      if ((await awaitService(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)) === 'ready') {
        return well('port', `a Thinkfirst service runs on ${port}`);
      }
      return doubtful('port', `${port} on ${host} is in use by something else`, other);
    case 'EACCES':
      return faulty(
        'port',
        `${port} cannot be opened by this user`,
        'Choose one above 1023: thinkfirst serve --port 8080',
      );
    default:
      return faulty(
        'port',
        `${host} is not an address of this machine (${fault})`,
        'Correct HOST; 127.0.0.1 is the default.',
      );
  }
}

function bindFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

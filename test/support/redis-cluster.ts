import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';

/** A cluster of three masters on this machine. */
export async function startTestCluster(): Promise<{ urls: string[]; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-cluster-'));
  // These and their bus ports are below those that the system gives to whoever asks for any.
  const ports = await freePorts(10_000 + (process.pid % 9_000));
  const servers: ChildProcess[] = [];
  for (const port of ports) {
    const dir = join(folder, String(port));
    await mkdir(dir);
    const options = [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--dir',
      dir,
      '--save',
      '',
      '--cluster-enabled',
      'yes',
    ];
    servers.push(spawn('redis-server', options, { stdio: 'ignore' }));
  }
  const clients = ports.map(
    (port) => new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 }),
  );
  for (const client of clients) client.on('error', () => {});
  await Promise.all(clients.map((client) => client.ping()));
  const nodes = ports.map((port) => `127.0.0.1:${port}`);
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes']);
  for (const client of clients) {
    while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await new Promise(setImmediate);
    client.disconnect();
  }
  return {
    urls: nodes.map((node) => `redis://${node}`),
    async close() {
      for (const server of servers) {
        const exited = once(server, 'exit');
        server.kill('SIGKILL');
        await exited;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Three ports in a row that are free, as are those of the cluster's bus: the port plus 10,000. */
async function freePorts(first: number): Promise<number[]> {
  const ports = [first, first + 1, first + 2];
  const free = await Promise.all(ports.flatMap((port) => [isFree(port), isFree(port + 10_000)]));
  return free.every(Boolean) ? ports : freePorts(first + 3);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  const bound = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.close();
  return bound;
}

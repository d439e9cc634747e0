import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../eval/free-port.ts';

/** A Redis for tests: the one at REDIS_URL, or our own server. */
export type TestRedis = {
  url: string;
  /**
   * Only for our own server: kills it and restarts it on the same port with what it had written, or lets it accept
   * connections and never answer.
   */
  outage: { begin(): Promise<void>; end(): Promise<void>; freeze(): void; thaw(): void } | undefined;
  close(): Promise<void>;
};

/** Why tests that need Redis cannot run here; undefined if they can. With REQUIRE_REDIS=1 that is an error. */
export function redisMissing(): string | undefined {
  if (process.env['REDIS_URL'] || hasRedisServer()) return undefined;
  const reason =
    'needs Redis: set REDIS_URL, or install redis-server (`apt-get install redis-server`, `brew install redis`)';
  if (process.env['REQUIRE_REDIS'] === '1') throw new Error(reason);
  console.info(`skipped: ${reason}`);
  return reason;
}

/** `fsync`: when its log of writes reaches the disk. */
export async function startTestRedis({ fsync = 'always' }: { fsync?: 'always' | 'everysec' } = {}): Promise<TestRedis> {
  const url = process.env['REDIS_URL'];
  if (url) return { url, outage: undefined, close: async () => {} };

  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-redis-'));
  const started = await startAnywhere(folder, fsync);
  const { port } = started;
  let { server } = started;
  const stop = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    outage: {
      begin: stop,
      async end() {
        server = await startServer(port, folder, fsync);
      },
      freeze: () => server.kill('SIGSTOP'),
      thaw: () => server.kill('SIGCONT'),
    },
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function hasRedisServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Another test may take a free port before the server does: then at another one. */
async function startAnywhere(folder: string, fsync: string): Promise<{ port: number; server: ChildProcess }> {
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    try {
      return { port, server: await startServer(port, folder, fsync) };
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

/** @throws Error if something else listens at the port */
async function startServer(port: number, folder: string, fsync: string): Promise<ChildProcess> {
  const durable = ['--appendonly', 'yes', '--appendfsync', fsync, '--save', ''];
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, ...durable];
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => {});
  const ended = once(server, 'exit').then(([code]) => `redis-server ended (${code})`);
  const answer = await Promise.race([client.info('server'), ended]);
  client.disconnect();
  if (answer.includes(`process_id:${server.pid}\r`)) return server;
  server.kill('SIGKILL');
  throw new Error(`no Redis of ours at port ${port}: ${answer.slice(0, 100)}`);
}

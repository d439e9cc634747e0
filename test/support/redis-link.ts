import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** A connection to Redis that can lose replies, like a server that dies between its write and its reply. */
export type RedisLink = {
  url: string;
  /** Cuts the connection instead of sending the next reply that contains this text. */
  loseAnswer(text: string): void;
  /** Loses all replies for some ms, then cuts every connection: commands sent meanwhile have run, and nobody knows. */
  cut(ms: number): Promise<void>;
  /** The number of replies lost so far. */
  readonly lost: number;
  close(): Promise<void>;
};

export async function startRedisLink(redisUrl: string): Promise<RedisLink> {
  const { hostname, port } = new URL(redisUrl);
  const sockets = new Set<Socket>();
  let losing: string | undefined;
  let silent = false;
  let lost = 0;
  const server = createServer((client) => {
    const redis = connect(Number(port), hostname);
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        redis.destroy();
      });
    }
    client.pipe(redis);
    redis.on('data', (answer) => {
      if (silent) {
        lost += 1;
        return;
      }
      if (losing === undefined || !answer.includes(losing)) return void client.write(answer);
      losing = undefined;
      lost += 1;
      client.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${address.port}`,
    loseAnswer(text) {
      losing = text;
    },
    async cut(ms) {
      silent = true;
      await setTimeout(ms);
      for (const socket of sockets) socket.destroy();
      silent = false;
    },
    get lost() {
      return lost;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

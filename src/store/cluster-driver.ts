import type { Cluster, Redis } from 'ioredis';
import type { Driver } from 'unstorage';

/** unstorage's Redis layout (`<base>:<key>`) over a cluster: the library's own driver lists the keys of one node alone. */
export function clusterDriver(cluster: Cluster, base: string): Driver {
  const full = (key: string) => `${base}:${key}`;
  return {
    name: 'redis-cluster',
    hasItem: async (key) => (await cluster.exists(full(key))) === 1,
    getItem: (key) => cluster.get(full(key)),
    async setItem(key, value) {
      await cluster.set(full(key), value);
    },
    async removeItem(key) {
      await cluster.unlink(full(key));
    },
    async getKeys(prefix) {
      const escaped = full(prefix).replace(/[\\*?[\]]/g, '\\$&');
      const pattern = `${escaped.replace(/:$/, '')}:*`;
      const found = await Promise.all(cluster.nodes('master').map((node) => scan(node, pattern)));
      return found.flat().map((key) => key.slice(base.length + 1));
    },
    dispose: () => cluster.disconnect(),
  };
}

async function scan(node: Redis, pattern: string): Promise<string[]> {
  const keys: string[] = [];
  for (let cursor: string | undefined = '0'; cursor !== undefined; ) {
    const [next, found]: [string, string[]] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', 500);
    keys.push(...found);
    cursor = next === '0' ? undefined : next;
  }
  return keys;
}

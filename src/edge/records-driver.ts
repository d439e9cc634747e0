import type { Redis } from 'ioredis';
import type { Driver } from 'unstorage';

/** unstorage's Redis layout (`<base>:<key>`) over a connection that is there, since the library's own driver opens one. */
export function recordsDriver(redis: Redis, base: string): Driver {
  const full = (key: string) => `${base}:${key}`;
  return {
    name: 'redis-connection',
    hasItem: async (key) => (await redis.exists(full(key))) === 1,
    getItem: (key) => redis.get(full(key)),
    async setItem(key, value) {
      await redis.set(full(key), value);
    },
    async removeItem(key) {
      await redis.unlink(full(key));
    },
    async getKeys(prefix) {
      const escaped = full(prefix).replace(/[\\*?[\]]/g, '\\$&');
      const pattern = `${escaped.replace(/:$/, '')}:*`;
      const keys: string[] = [];
      let cursor = '0';
      do {
        const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 500);
        keys.push(...found);
        cursor = next;
      } while (cursor !== '0');
      return keys.map((key) => key.slice(base.length + 1));
    },
  };
}

import { Hono } from 'hono';
import type { CallerView } from '../../contracts/service/key-scopes.ts';
import type { ApiEnvironment } from '../dependencies.ts';

/** `/v1/caller`: what the key that asks is, and what it may see and do. */
export function createCallerRoutes(): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>().get('/', (c) => {
    const { owner, scopes } = c.get('caller');
    return c.json({ object: 'caller', key_id: owner, scopes } satisfies CallerView);
  });
}

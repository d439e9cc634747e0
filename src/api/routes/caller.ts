import { Hono } from 'hono';
import { CallerView } from '../../contracts/service/key-scopes.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';

const described = describeRoutes({
  retrieveCaller: {
    summary: 'Returns what the key of this request may see and do',
    answer: CallerView,
    errors: [],
  },
});

/** `/v1/caller`: what the key that asks is, and what it may see and do. */
export function createCallerRoutes({
  limits,
  mcpServers,
}: Pick<ApiDependencies, 'limits' | 'mcpServers'>): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>().get('/', described.retrieveCaller, (c) => {
    const { key, scopes } = c.get('caller');
    return c.json({
      object: 'caller',
      key_id: key ?? null,
      scopes,
      limits: { body_bytes: limits.bodyBytes },
      ...(scopes.tools && mcpServers !== undefined && { mcp_servers: [...mcpServers] }),
    } satisfies CallerView);
  });
}

import { z } from 'zod';

const oneAddress = 'the edge supports only a single Redis; for a cluster use `npm run serve`';

/**
 * The variables that the edge reads, with the same meaning as in .env.example. Set them in wrangler.toml or as secrets.
 */
export const EdgeVariables = z.object({
  /** The same Redis as the workers'. Over the internet: `rediss://`, with a password. */
  REDIS_URL: z.string().regex(/^rediss?:\/\/[^,]+$/, `must be one redis:// or rediss:// address; ${oneAddress}`),
  /** Not supported here: a request has one connection, and a cluster's client opens one for each node. */
  REDIS_CLUSTER: z.literal('', { error: `can't be used at the edge; ${oneAddress}` }).optional(),
  REDIS_PREFIX: z.string().min(1).default('thinkfirst'),
  THINKFIRST_SECRET: z.string().min(16).optional(),
  THINKFIRST_WEBHOOK_SECRET: z.string().min(1).optional(),
  THINKFIRST_BODY_LIMIT: z.coerce.number().int().min(1_024).default(1_048_576),
  THINKFIRST_CORS_ORIGINS: z.string().default(''),
  /** 1: accepts requests even if no key was created. The edge is public. */
  THINKFIRST_OPEN: z.enum(['0', '1']).default('0'),
  THINKFIRST_CANCEL_ON_DISCONNECT: z.enum(['0', '1']).default('1'),
});
export type EdgeVariables = z.infer<typeof EdgeVariables>;

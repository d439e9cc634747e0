import { Hono } from 'hono';
import { z } from 'zod';
import type { StrategyList } from '../../contracts/service/listings.ts';
import type { ApiEnvironment, StrategyListing } from '../dependencies.ts';

/** `/v1/strategies`: names for `reasoning.strategy`, with the options that each takes. */
export function createStrategiesRoutes(strategies: readonly StrategyListing[]): Hono<ApiEnvironment> {
  const data = strategies.map(({ name, description, options }) => ({
    name,
    object: 'strategy' as const,
    description,
    options: { ...z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) },
  }));
  return new Hono<ApiEnvironment>().get('/', (c) => c.json({ object: 'list', data } satisfies StrategyList));
}

import { Hono } from 'hono';
import { z } from 'zod';
import { StrategyList } from '../../contracts/service/listings.ts';
import type { ApiEnvironment, StrategyListing } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';

const described = describeRoutes({
  listStrategies: {
    summary: 'Lists the strategies, which are plans for spending a thinking budget',
    answer: StrategyList,
    errors: [],
  },
});

/** `/v1/strategies`: names for `reasoning.strategy`, with the options that each takes. */
export function createStrategiesRoutes(strategies: readonly StrategyListing[]): Hono<ApiEnvironment> {
  const data = strategies.map(({ name, description, options }) => ({
    name,
    object: 'strategy' as const,
    description,
    options: { ...z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }) },
  }));
  return new Hono<ApiEnvironment>().get('/', described.listStrategies, (c) =>
    c.json({ object: 'list', data } satisfies StrategyList),
  );
}

import { Hono } from 'hono';
import type { EvaluationList } from '../../contracts/service/evaluation.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';

/** `/v1/evaluations`: what evaluations of this installation have measured. */
export function createEvaluationsRoutes({ evaluations }: Pick<ApiDependencies, 'evaluations'>): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>().get('/', async (c) =>
    c.json({ object: 'list', data: (await evaluations?.()) ?? [] } satisfies EvaluationList),
  );
}

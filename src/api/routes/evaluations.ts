import { Hono } from 'hono';
import { EvaluationList } from '../../contracts/service/evaluation.ts';
import type { ApiDependencies, ApiEnvironment } from '../dependencies.ts';
import { describeRoutes } from '../openapi/describe-routes.ts';

const described = describeRoutes({
  listEvaluations: {
    summary: 'Lists what evaluations of this installation have measured, newest first',
    answer: EvaluationList,
    errors: [],
  },
});

/** `/v1/evaluations`: what evaluations of this installation have measured. */
export function createEvaluationsRoutes({ evaluations }: Pick<ApiDependencies, 'evaluations'>): Hono<ApiEnvironment> {
  return new Hono<ApiEnvironment>().get('/', described.listEvaluations, async (c) =>
    c.json({ object: 'list', data: (await evaluations?.()) ?? [] } satisfies EvaluationList),
  );
}

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { ApiDependencies } from '../api/dependencies.ts';
import { createEvaluationReports } from '../store/evaluation-reports.ts';
import { createModelConfiguration } from './model-configuration.ts';

/** What the API shows of this installation's own files: reports of evaluations, and the file that names the models. */
export function localFiles({
  variables,
  log,
}: {
  variables: Readonly<Record<string, string | undefined>>;
  log: Logger;
}): Required<Pick<ApiDependencies, 'evaluations' | 'modelConfiguration'>> {
  return {
    evaluations: createEvaluationReports({
      results: fileURLToPath(new URL('../../eval/results', import.meta.url)),
      runs: fileURLToPath(new URL('../../eval/runs', import.meta.url)),
      onFault: (fault) => log.warn(fault, 'no report of an evaluation'),
    }),
    modelConfiguration: createModelConfiguration({ folder: resolve('.'), variables }),
  };
}

import { fileURLToPath } from 'node:url';
import { Effort } from '../../src/contracts/responses/reasoning.ts';
import type { TraceStep } from '../../src/contracts/responses/trace.ts';
import { responseUsage } from '../../src/contracts/responses/usage.ts';
import { levelOf } from '../../src/contracts/service/effort-table.ts';
import { readEffortTable } from '../../src/models/config/effort-tables.ts';
import { loadPrompts } from '../../src/reasoning/prompts.ts';
import { createStrategies } from '../../src/reasoning/strategies/index.ts';
import { ReasoningFields } from '../arm.ts';
import { runInProcess } from '../run-in-process.ts';
import type { ServiceClient } from '../service-client.ts';
import { createZeroModel } from './zero-model.ts';

/** The control's name in `npm run eval -- --model`. */
export const zeroModel = 'zero';

/**
 * The control in this process, used and traced like a model of a service, with the effort table of uncalibrated models.
 */
export function createZeroClient(): ServiceClient {
  const model = createZeroModel();
  const table = readEffortTable(zeroModel);
  const strategies = createStrategies({
    prompts: loadPrompts(fileURLToPath(new URL('../../prompts', import.meta.url))),
  });
  const traces: TraceStep[][] = [];
  return {
    model: async () => ({ id: zeroModel, effort_table: table }),
    trace: async (id) => traces[Number(id)] ?? [],
    async respond(request) {
      const {
        effort = 'medium',
        checks = [],
        checks_only: only = false,
        options,
        ...given
      } = ReasoningFields.parse(request['reasoning']);
      const thinks = effort !== Effort.enum.none && effort !== Effort.enum.minimal;
      const level = levelOf(table, effort);
      const { steps, answer, outcome } = await runInProcess({
        question: String(request['input']),
        model,
        strategies,
        table,
        effective: {
          effort,
          strategy: given.strategy ?? (thinks ? level.strategy : 'direct'),
          budget_tokens: given.budget_tokens ?? level.budget_tokens,
          samples: given.samples ?? level.samples,
          max_revisions: given.max_revisions ?? level.max_revisions,
        },
        checks: { named: checks, only },
        options,
        temperature: table.temperature,
        seed: Number(request['seed'] ?? 0),
        now: () => 0,
      });
      const id = String(traces.push(steps) - 1);
      return {
        id,
        status: 'completed',
        model: zeroModel,
        output_text: answer,
        answer_source: outcome.answerSource,
        thinking_stop: outcome.thinkingStop,
        verdict: outcome.verdict,
        usage: responseUsage(outcome.usage),
        warnings: [...outcome.warnings],
      };
    },
  };
}

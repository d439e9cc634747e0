import { z } from 'zod';
import type { AutoRule, EffortTable } from '../../src/contracts/service/effort-table.ts';
import { type LanguageModel, ModelEvent } from '../../src/core/language-model.ts';
import { emptyProbe, probeFeatures, probeTokens, withEvent } from '../../src/reasoning/sampling/fast-probe.ts';
import type { Strategy } from '../../src/reasoning/strategy.ts';
import { isRight, type SetQuestion } from '../question-set.ts';
import { type AutoExample, type AutoFigures, type AutoProbe, fitAuto } from './fit-auto.ts';
import { forEachOf } from './for-each-of.ts';
import type { MeasurementLog } from './measurement-log.ts';
import { LevelRun, runLevel } from './run-level.ts';

const tokens = z.int().nonnegative();
/** `events`: up to the point where `auto` decides at the latest. */
const Probed = z.object({ events: z.array(ModelEvent), right: z.boolean(), tokens });

/** The levels that `auto` may choose, so that it uses fewer tokens than medium. */
const levels = ['low', 'medium'] as const satisfies ReadonlyArray<AutoRule['level']>;

/**
 * Measures fast answers and levels on the same questions, and fits `auto`; null for a model without log-probabilities.
 */
export async function calibrateAuto(options: {
  model: LanguageModel;
  strategies: ReadonlyMap<string, Strategy>;
  table: EffortTable;
  questions: readonly SetQuestion[];
  log: MeasurementLog;
  concurrency: number;
  now(): number;
  onProgress(stage: string, done: number, total: number): void;
}): Promise<{ auto: AutoRule | null; figures: AutoFigures | null }> {
  const { model, table, log } = options;
  if (!model.capabilities.logprobs) return { auto: null, figures: null };
  const { calibrated: _, levels: own, auto: __, ...shared } = table;
  const examples = await forEachOf(
    options.questions,
    options,
    'auto',
    async (question, index): Promise<AutoExample> => {
      const seed = index + 1;
      const { events, ...fast } = await log.remember(`fast ${seed} ${question.question}`, Probed, () =>
        probe(question, options),
      );
      const thought: Partial<Record<AutoRule['level'], LevelRun>> = {};
      for (const effort of levels) {
        // Levels with the same limits need to run only once.
        const key = `auto level ${JSON.stringify({ ...shared, level: own[effort] })} ${seed} ${question.question}`;
        thought[effort] = await log.remember(key, LevelRun, () => runLevel(question, { ...options, effort, seed }));
      }
      return {
        kind: question.kind,
        fast,
        probes: probesOf(events),
        thought,
      };
    },
  );
  return fitAuto(examples);
}

/** A fast answer after each event that brought tokens, and at its end. */
function probesOf(events: readonly ModelEvent[]): AutoProbe[] {
  let probe = emptyProbe;
  const probes = events.flatMap((event) => {
    const { tokens: before } = probe;
    probe = withEvent(probe, event);
    return probe.tokens > before && probe.finish === undefined ? [probe] : [];
  });
  return [...probes, probe].map((one) => ({ tokens: one.tokens, found: probeFeatures(one) }));
}

/** The fast answer as the service gives it, with what is known at the point where `auto` decides. */
async function probe(
  question: SetQuestion,
  { model, table }: Pick<Parameters<typeof calibrateAuto>[0], 'model' | 'table'>,
): Promise<z.infer<typeof Probed>> {
  const events = model.generate(
    {
      prompt: { messages: [{ role: 'user', content: question.question }] },
      samples: 1,
      answer: { maxTokens: table.answer_reserve_tokens, topLogprobs: 2, spareLogprobs: true },
      sampling: { temperature: 0 },
      deterministic: false,
    },
    { signal: new AbortController().signal },
  );
  let whole = emptyProbe;
  const seen: ModelEvent[] = [];
  for await (const event of events) {
    if (whole.finish === undefined && whole.tokens < probeTokens) seen.push(event);
    whole = withEvent(whole, event);
  }
  return { events: seen, right: await isRight(whole.text, question), tokens: whole.tokens };
}

import { z } from 'zod';
import type { LanguageModel } from '../../src/core/language-model.ts';
import type { MeasurementLog } from './measurement-log.ts';

/** Chains that are tried together. */
export const triedSequences = [1, 2, 4, 8];
/** Tokens of each chain. */
const chainTokens = 48;
/** The faster of so many runs counts: the machine may have had other work during the slower one. */
const rounds = 2;
/** A share of the best speed. Fewer chains that reach it waste less if the vote ends early. */
const nearBest = 0.95;

const SequenceRates = z.array(z.object({ sequences: z.int().positive(), tokensPerSecond: z.number().nonnegative() }));
type SequenceRates = z.infer<typeof SequenceRates>;

/**
 * How many chains of one prompt this model decodes together at the best speed: the tokens per second of all of them are
 * measured. Undefined if it runs one at a time, or nothing could be measured.
 */
export async function measureSequences(options: {
  model: LanguageModel;
  question: string;
  log: MeasurementLog;
  /** ms */
  now(): number;
  onProgress(stage: string, done: number, total: number): void;
}): Promise<{ value: number | undefined; figures: SequenceRates | null }> {
  const { model, log, onProgress } = options;
  const { batching, parallel = Number.POSITIVE_INFINITY } = model.capabilities;
  if (!batching) return { value: undefined, figures: null };
  const counts = triedSequences.filter((count) => count <= parallel);
  const figures = await log.remember(`sequences ${counts.join()} ${options.question}`, SequenceRates, async () => {
    const best = new Map(counts.map((count) => [count, 0]));
    const runs = Array.from({ length: rounds }, () => counts).flat();
    onProgress('sequences', 0, runs.length);
    for (const [index, count] of runs.entries()) {
      const rate = await rateOf(options, { count, seed: index + 1 });
      best.set(count, Math.max(best.get(count) ?? 0, rate));
      onProgress('sequences', index + 1, runs.length);
    }
    return [...best].map(([sequences, rate]) => ({ sequences, tokensPerSecond: Math.round(rate * 10) / 10 }));
  });
  return { value: sequencesThatPay(figures), figures };
}

/** The fewest chains that are nearly as fast together as the best number of them. */
export function sequencesThatPay(rates: SequenceRates): number | undefined {
  const best = Math.max(0, ...rates.map(({ tokensPerSecond }) => tokensPerSecond));
  if (best === 0) return undefined;
  return rates.find(({ tokensPerSecond }) => tokensPerSecond >= nearBest * best)?.sequences;
}

/** Tokens per second of `count` chains, from the first token on: the prompt is not counted. */
async function rateOf(
  { model, question, now }: { model: LanguageModel; question: string; now(): number },
  { count, seed }: { count: number; seed: number },
): Promise<number> {
  const { exactBudget } = model.capabilities;
  const asked = {
    prompt: { messages: [{ role: 'user' as const, content: question }] },
    samples: count,
    thinking: {
      budgetTokens: count * chainTokens,
      perSampleTokens: chainTokens,
      // Chains of the same length: one that ended early would leave the others alone.
      ...(exactBudget && { minimumTokens: chainTokens }),
    },
    answer: { maxTokens: 1 },
    sampling: { temperature: 1, seed },
    deterministic: false,
  };
  let [tokens, first, last] = [0, Number.NaN, 0];
  for await (const event of model.generate(asked, { signal: new AbortController().signal })) {
    if (event.type === 'finish') tokens += event.usage.thinkingTokens;
    if (event.type !== 'thinking-delta' || event.forced) continue;
    last = now();
    if (Number.isNaN(first)) first = last;
  }
  const seconds = (last - first) / 1000;
  return seconds > 0 ? Math.max(0, tokens - 1) / seconds : 0;
}

import { checks } from '../../src/checks/index.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import type { GenerateRequest, LanguageModel, ThinkingRequest } from '../../src/core/language-model.ts';
import { computeAllowance } from '../../src/core/token-ledger.ts';
import type { Question } from '../generator/question.ts';
import { scoreAnswer } from '../score-answer.ts';
import { type CollectedSample, collectSamples } from './collect-samples.ts';
import type { MeasuredChain, MeasuredQuestion } from './measured-chain.ts';

type MeasureOptions = {
  model: LanguageModel;
  /** Chains in addition to the greedy one. */
  samples: number;
  /** Null: the model's own settings. */
  temperature: number | null;
  /** The thinking tokens at which a chain is stopped: far more than a sound one needs. */
  ceiling: number;
  answerTokens: number;
  seed: number;
  /** Whether values are computed in the thoughts. */
  computes: boolean;
};

/** The default checks that a table can switch off: fewer if the service computes in the thought. */
export function plainChecks({ computes }: { computes: boolean }): string[] {
  return [...checks.values()]
    .filter(({ standard }) => standard === 'always' || (standard === 'uncomputed' && !computes))
    .map(({ name }) => name);
}

/** All answers to one question from which the table is fitted. */
export async function measureQuestion(question: Question, options: MeasureOptions): Promise<MeasuredQuestion> {
  const ask = asker(question, options);
  const [draft] = await ask.run({ samples: 1, temperature: 0 }, 'draft');
  const greedy = await ask.chains({ samples: 1, temperature: 0 });
  const sampled =
    options.samples === 0 ? [] : await ask.chains({ samples: options.samples, temperature: options.temperature });
  const chains = [...greedy, ...sampled];
  const length = greedy[0]?.chain.thinkingTokens ?? 0;
  const halfway = { budgetTokens: Math.floor(length / 2) };
  const [handedOver] =
    length < 8 ? [] : await ask.run({ samples: 1, temperature: 0, thinking: halfway }, 'handed_over');
  if (draft === undefined) throw new Error('the model gave no draft');
  return {
    question: question.question,
    draft: draft.chain,
    chains: chains.map(({ chain }) => chain),
    handedOver: handedOver?.chain ?? null,
  };
}

/** Only the chains, to choose a setting. */
export async function measureChains(question: Question, options: MeasureOptions): Promise<MeasuredChain[]> {
  const found = await asker(question, options).chains({ samples: options.samples, temperature: options.temperature });
  return found.map(({ chain }) => chain);
}

type Measured = { chain: MeasuredChain; collected: CollectedSample };

function asker(question: Question, options: MeasureOptions) {
  const { model } = options;
  const signal = new AbortController().signal;
  const request = (
    given: Pick<GenerateRequest, 'samples' | 'thinking'> & { temperature: number | null },
  ): GenerateRequest => ({
    prompt: { messages: [{ role: 'user', content: question.question }] },
    samples: given.samples,
    answer: { maxTokens: options.answerTokens },
    sampling: { ...(given.temperature !== null && { temperature: given.temperature }), seed: options.seed },
    deterministic: false,
    ...(given.thinking === undefined ? {} : { thinking: computed(given.thinking) }),
  });
  const computed = (thinking: ThinkingRequest): ThinkingRequest => {
    const computeTokens = computeAllowance(thinking.perSampleTokens ?? thinking.budgetTokens);
    return options.computes && computeTokens > 0 ? { ...thinking, computeTokens } : thinking;
  };
  const run = async (
    given: Pick<GenerateRequest, 'samples' | 'thinking'> & { temperature: number | null },
    source: MeasuredChain['source'],
  ): Promise<Measured[]> => {
    const rows = await collectSamples(model, request(given));
    return Promise.all(
      rows.map(async (collected, index): Promise<Measured> => {
        const thought = collected.segments.map((segment) => segment.text).join('');
        const asked = question.question;
        const input = { question: asked, conversation: asked, thought, answer: collected.answer };
        const named = plainChecks(options).map((type) => ({ type }));
        const judged = await runChecks(named, input, { slow: false, services: {}, signal });
        const { selfCertainty, thinkingMeanLogprob: confidence, answerMeanLogprob } = collected.scores;
        const chain: MeasuredChain = {
          source,
          sample: source === 'draft' ? null : source === 'sample' ? index + 1 : 0,
          thought,
          answer: collected.answer,
          right: scoreAnswer(collected.answer, question.question, question.answer),
          stop: collected.stop ?? null,
          thinkingTokens: collected.thinkingTokens,
          answerTokens: collected.answerTokens,
          ...(selfCertainty === undefined ? {} : { selfCertainty }),
          ...(confidence === undefined ? {} : { confidence }),
          ...(answerMeanLogprob === undefined ? {} : { answerConfidence: answerMeanLogprob }),
          computed: collected.segments.some(({ expression }) => expression !== undefined),
          checks: judged,
        };
        return { chain, collected };
      }),
    );
  };
  return {
    run,
    chains: (given: { samples: number; temperature: number | null }) =>
      run(
        {
          ...given,
          thinking: { budgetTokens: given.samples * options.ceiling, perSampleTokens: options.ceiling },
        },
        given.temperature === 0 ? 'greedy' : 'sample',
      ),
  };
}

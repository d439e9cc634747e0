import { z } from 'zod';
import { ThinkingStop } from '../../src/contracts/responses/reasoning.ts';
import { CheckResult } from '../../src/contracts/responses/trace.ts';
import { type Candidate, candidateOf } from '../../src/reasoning/sampling/candidate.ts';
import type { Sample } from '../../src/reasoning/sampling/sample.ts';

const tokens = z.int().nonnegative();

/** One answer of the model to a calibration question, with its thought and whether it is right. */
export const MeasuredChain = z.object({
  source: z.enum(['draft', 'greedy', 'sample', 'handed_over']),
  /** The chain's number, 0 for the greedy one; null for the draft. */
  sample: z.int().nullable(),
  thought: z.string(),
  answer: z.string(),
  right: z.boolean(),
  stop: z.string().nullable(),
  thinkingTokens: tokens,
  answerTokens: tokens,
  /** Nats. */
  selfCertainty: z.number().exactOptional(),
  confidence: z.number().exactOptional(),
  /** Mean log-probability of the answer's tokens. Absent in rows of earlier versions, like `computed`. */
  answerConfidence: z.number().exactOptional(),
  /** Whether values were computed in its thought. */
  computed: z.boolean().exactOptional(),
  checks: z.array(
    CheckResult.extend({
      line: z.int().exactOptional(),
      wrong: z.string().exactOptional(),
      confirms: z.boolean(),
      slow: z.boolean(),
    }),
  ),
});
export type MeasuredChain = z.infer<typeof MeasuredChain>;

/** All measurements for one question. */
export const MeasuredQuestion = z.object({
  question: z.string(),
  draft: MeasuredChain,
  /** The greedy chain, then the samples. */
  chains: z.array(MeasuredChain),
  /** The greedy chain, stopped halfway and made to answer. */
  handedOver: MeasuredChain.nullable(),
});
export type MeasuredQuestion = z.infer<typeof MeasuredQuestion>;

/** The chain in the form that the engine's vote uses. */
export function candidateOfChain(chain: MeasuredChain, question: string): Candidate {
  const stop = ThinkingStop.safeParse(chain.stop);
  const sample: Sample = {
    number: chain.sample ?? 0,
    segments: [{ text: chain.thought }],
    answer: { text: chain.answer, logprobs: [], toolCalls: [] },
    finish: 'stop',
    thinkingStop: stop.success ? stop.data : undefined,
    usage: { thinking: chain.thinkingTokens, forced: 0, answer: chain.answerTokens },
    scores: {
      ...(chain.selfCertainty === undefined ? {} : { selfCertainty: chain.selfCertainty }),
      ...(chain.confidence === undefined ? {} : { thinkingMeanLogprob: chain.confidence }),
      ...(chain.answerConfidence === undefined ? {} : { answerMeanLogprob: chain.answerConfidence }),
    },
  };
  const phase = chain.source === 'draft' ? 'draft' : 'think';
  return candidateOf(sample, { phase, question, checks: chain.checks, greedyFirst: chain.source === 'greedy' });
}

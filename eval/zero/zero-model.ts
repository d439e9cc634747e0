import type { GenerateRequest, LanguageModel, ModelEvent } from '../../src/core/language-model.ts';
import { zeroThought } from './zero-thought.ts';

/**
 * A control, not a model: it has no parameters and computes nothing. It writes fixed lines with zeros and words copied
 * from the question (`zeroThought`), and concludes with the last value of its thought. Whatever it gets right beyond
 * its share without checks comes from the checks. It supports everything that repairs need: rolling back, corrections,
 * and feedback from checks.
 */
export function createZeroModel(): LanguageModel {
  return {
    id: 'zero',
    contextLength: 8_192,
    capabilities: {
      thinking: true,
      exactBudget: true,
      rollback: true,
      constraints: [],
      logprobs: false,
      score: false,
      tools: false,
      seed: true,
      batching: true,
      compute: false,
      family: 'thinkfirst',
      correction: 'Wait, {{wrong}} is wrong. I do that step again.',
    },
    async *generate(request, { signal }) {
      for (let sample = 0; sample < request.samples; sample += 1) {
        signal.throwIfAborted();
        yield* chain(request, sample);
      }
    },
    score: async () => Promise.reject(new Error('the control gives no scores')),
    countTokens: async (prompt) => prompt.messages.reduce((sum, { content }) => sum + tokens(content).length, 0),
    close: async () => {},
  };
}

function* chain(request: GenerateRequest, sample: number): Generator<ModelEvent, void, void> {
  const { thinking } = request;
  const question = request.prompt.messages.find(({ role }) => role === 'user')?.content ?? '';
  const prefix = (thinking?.prefix ?? []).map(({ text }) => text).join('');
  const whole = zeroThought(question, prefix);
  const cap = Math.min(thinking?.budgetTokens ?? 0, thinking?.perSampleTokens ?? Number.POSITIVE_INFINITY);
  const goesOn = thinking !== undefined && thinking.ended !== true;
  const thought = goesOn ? tokens(whole.rest).slice(0, cap) : [];
  for (const text of thought) {
    yield { type: 'thinking-delta', sample, text, tokenIds: [], logprobs: [], forced: false };
  }
  const stop = thought.length === tokens(whole.rest).length ? 'natural' : 'budget';
  if (thinking !== undefined) yield { type: 'thinking-end', sample, reason: stop };
  const answer = tokens(`The answer is ${thinking === undefined ? '0' : whole.conclusion}.`);
  for (const text of answer) {
    yield { type: 'answer-delta', sample, text, tokenIds: [], logprobs: [] };
  }
  const fed = (thinking?.prefix ?? []).filter((segment) => segment.fed === true);
  yield {
    type: 'finish',
    sample,
    reason: 'stop',
    ...(thinking === undefined ? {} : { thinkingStop: stop }),
    usage: {
      inputTokens: tokens(question).length,
      cachedTokens: 0,
      thinkingTokens: thought.length,
      forcedTokens: fed.reduce((sum, { text }) => sum + tokens(text).length, 0),
      answerTokens: answer.length,
    },
    scores: {},
  };
}

/** Words with the preceding space, and line ends. */
function tokens(text: string): string[] {
  return text.match(/\n|[^\S\n]*\S+/g) ?? [];
}

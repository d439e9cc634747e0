import type { GenerateRequest, LanguageModel, SampleScores, ThoughtSegment } from '../../src/core/language-model.ts';
import { segmentOf } from '../../src/reasoning/sampling/sample.ts';

/** One finished sample of a request, with token counts from the model. */
export type CollectedSample = {
  segments: ThoughtSegment[];
  answer: string;
  stop: string | undefined;
  thinkingTokens: number;
  answerTokens: number;
  scores: SampleScores;
};

/** Runs a request to its end and returns its samples in order. */
export async function collectSamples(model: LanguageModel, request: GenerateRequest): Promise<CollectedSample[]> {
  const rows = Array.from(
    { length: request.samples },
    (): CollectedSample => ({
      segments: [...(request.thinking?.prefix ?? [])],
      answer: '',
      stop: undefined,
      thinkingTokens: 0,
      answerTokens: 0,
      scores: {},
    }),
  );
  for await (const event of model.generate(request, { signal: new AbortController().signal })) {
    const row = rows[event.sample];
    if (row === undefined) continue;
    if (event.type === 'thinking-delta') row.segments.push(segmentOf(event));
    else if (event.type === 'answer-delta') row.answer += event.text;
    else if (event.type === 'finish') {
      row.stop = event.thinkingStop;
      row.thinkingTokens = event.usage.thinkingTokens;
      row.answerTokens = event.usage.answerTokens;
      row.scores = event.scores;
    }
  }
  return rows;
}

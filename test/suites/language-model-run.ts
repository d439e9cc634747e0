import type { GenerateOptions, GenerateRequest, LanguageModel, ModelEvent } from '../../src/core/language-model.ts';

type Finish = Extract<ModelEvent, { type: 'finish' }>;

/** What one sample came to, put together from its events. */
export type SampleResult = {
  /** Without fed sentences. */
  thought: string;
  forcedText: string;
  answer: string;
  thinkingIds: number[];
  forcedIds: number[];
  answerIds: number[];
  toolCalls: Array<{ name: string; arguments: string }>;
  events: ModelEvent[];
  finish: Finish;
};

export const never = new AbortController().signal;

/** A request with small caps, greedy; changes on top. */
export function requestOf(
  prompt: GenerateRequest['prompt'],
  changes: Partial<GenerateRequest> & { budget?: number },
): GenerateRequest {
  const { budget, ...rest } = changes;
  return {
    prompt,
    samples: 1,
    answer: { maxTokens: 32 },
    sampling: { temperature: 0 },
    deterministic: true,
    ...(budget !== undefined && { thinking: { budgetTokens: budget } }),
    ...rest,
  };
}

/** Reads a generation to its end. `onEvent` sees each event as it comes. */
export async function runSamples(
  model: LanguageModel,
  request: GenerateRequest,
  options: Partial<GenerateOptions> & { onEvent?: (event: ModelEvent) => void } = {},
): Promise<SampleResult[]> {
  const { onEvent, ...generateOptions } = options;
  const bySample = new Map<number, ModelEvent[]>();
  for await (const event of model.generate(request, { signal: never, ...generateOptions })) {
    onEvent?.(event);
    const events = bySample.get(event.sample) ?? [];
    if (events.some(({ type }) => type === 'finish'))
      throw new Error(`sample ${event.sample} went on after its finish`);
    events.push(event);
    bySample.set(event.sample, events);
  }
  return [...bySample].sort(([first], [second]) => first - second).map(([sample, events]) => gather(sample, events));
}

export async function runOne(...parameters: Parameters<typeof runSamples>): Promise<SampleResult> {
  const [only, ...more] = await runSamples(...parameters);
  if (!only || more.length > 0) throw new Error('one sample was expected');
  return only;
}

function gather(sample: number, events: ModelEvent[]): SampleResult {
  const finish = events.find((event): event is Finish => event.type === 'finish');
  if (!finish) throw new Error(`sample ${sample} has no finish`);
  const result: SampleResult = {
    thought: '',
    forcedText: '',
    answer: '',
    thinkingIds: [],
    forcedIds: [],
    answerIds: [],
    toolCalls: [],
    events,
    finish,
  };
  for (const event of events) {
    if (event.type === 'answer-delta') {
      result.answer += event.text;
      result.answerIds.push(...event.tokenIds);
    } else if (event.type === 'thinking-delta') {
      if (event.forced) result.forcedText += event.text;
      else result.thought += event.text;
      (event.forced ? result.forcedIds : result.thinkingIds).push(...event.tokenIds);
    } else if (event.type === 'tool-call') {
      result.toolCalls.push({ name: event.name, arguments: event.arguments });
    }
  }
  return result;
}

import { onTestFinished } from 'vitest';
import type { GenerateOptions, GenerateRequest, LanguageModel, ModelEvent } from '../../src/core/language-model.ts';
import type { UpstreamModel } from '../../src/models/config/model-config.ts';
import type { Clock } from '../../src/models/servers/client/clock.ts';
import { systemClock } from '../../src/models/servers/client/clock.ts';
import type { OpenaiModelOptions } from '../../src/models/servers/model-server.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { startUpstreamServer, type UpstreamServer, type UpstreamServerOptions } from './upstream-server.ts';

/** Tokens as the tests' server sends them: a word with the preceding space. */
export const words = (text: string): string[] => text.match(/\s?\S+/g) ?? [];

export const script = { thoughts: words('one two three four five six seven eight'), answer: words('The answer is 7.') };

/** Never waits, and records how long it should have waited, in ms. */
export function impatientClock(): Clock & { waits: number[] } {
  const waits: number[] = [];
  return {
    ...systemClock,
    random: () => 1,
    waits,
    async sleep(ms, { signal }) {
      signal.throwIfAborted();
      waits.push(ms);
    },
  };
}

/** A server and a model on it, both closed when the test ends. */
export async function connect(
  server: UpstreamServerOptions,
  model: Partial<UpstreamModel> & OpenaiModelOptions = {},
): Promise<{ server: UpstreamServer; model: LanguageModel }> {
  const started = await startUpstreamServer(server);
  const { fetch, retry, timeouts, clock, warn, ...config } = model;
  const created = createOpenaiModel(
    {
      kind: 'upstream',
      id: 'upstream',
      url: started.url,
      model: 'served-name',
      family: 'qwen3',
      dialect: server.dialect,
      contextLength: 4096,
      thoughtOpenedByTemplate: server.spelling === 'tags-without-open',
      maxParallel: 16,
      ...config,
    },
    {
      ...(fetch && { fetch }),
      ...(retry && { retry }),
      ...(timeouts && { timeouts }),
      ...(warn && { warn }),
      clock: clock ?? impatientClock(),
    },
  );
  onTestFinished(async () => {
    await created.close();
    await started.close();
  });
  return { server: started, model: created };
}

export function request(parts: Partial<GenerateRequest> = {}): GenerateRequest {
  return {
    prompt: { messages: [{ role: 'user', content: 'What is 3 + 4?' }] },
    samples: 1,
    answer: { maxTokens: 50 },
    sampling: { temperature: 0 },
    deterministic: false,
    ...parts,
  };
}

export const thinking = (budgetTokens: number, more: Partial<GenerateRequest> = {}): GenerateRequest =>
  request({ thinking: { budgetTokens }, ...more });

export type Run = {
  events: ModelEvent[];
  thought: string;
  forced: string;
  answer: string;
  toolCalls: Array<{ name: string; arguments: string }>;
  finish: Extract<ModelEvent, { type: 'finish' }> | undefined;
};

/** All events of a request. `onEvent` is called for each event as it comes. */
export async function run(
  model: LanguageModel,
  asked: GenerateRequest,
  options: Partial<GenerateOptions> & { onEvent?: (event: ModelEvent) => void; sample?: number } = {},
): Promise<Run> {
  const { onEvent, sample = 0, signal = new AbortController().signal, ...rest } = options;
  const events: ModelEvent[] = [];
  for await (const event of model.generate(asked, { signal, ...rest })) {
    events.push(event);
    onEvent?.(event);
  }
  const result: Run = { events, thought: '', forced: '', answer: '', toolCalls: [], finish: undefined };
  for (const event of events) {
    if (event.sample !== sample) continue;
    if (event.type === 'thinking-delta' && event.forced) result.forced += event.text;
    else if (event.type === 'thinking-delta') result.thought += event.text;
    else if (event.type === 'answer-delta') result.answer += event.text;
    else if (event.type === 'tool-call') result.toolCalls.push({ name: event.name, arguments: event.arguments });
    else if (event.type === 'finish') result.finish = event;
  }
  return result;
}

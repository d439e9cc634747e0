import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import type { CreateResponse, ReasoningRequest } from '../../../src/contracts/responses/create-response.ts';
import type { Job } from '../../../src/contracts/responses/job.ts';
import { Response as ResponseObject } from '../../../src/contracts/responses/response.ts';
import { type ResponseJob, responseJob } from '../../../src/contracts/responses/response-job.ts';
import type { GenerateRequest } from '../../../src/core/language-model.ts';
import { createScriptedModel } from '../../support/scripted-language-model.ts';
import { createService } from '../../worker/service.ts';
import { createApi } from './fixture.ts';

type Theirs = keyof OpenAI.Responses.ResponseCreateParams;
type Fields = Record<string, unknown>;

/** What a request came to. */
type Observed = {
  response: ResponseObject;
  job: Job;
  body: ResponseJob;
  /** The last thing that the model was asked. */
  asked: GenerateRequest | undefined;
  contentType: string;
  /** The body as it came. */
  text: string;
};

/** Two bodies and what must differ between them, or one body that gives a warning by the field's name. */
type Case =
  | { bodies: [Fields, Fields]; effect(observed: Observed): unknown; needs?: 'context' }
  | { warns: Fields; field?: string }
  | { refused: Fields };

const f = { type: 'function', name: 'f', parameters: { type: 'object' } };
const schema = { type: 'json_schema', name: 'n', schema: { type: 'object' } };
const logprobs = ['message.output_text.logprobs'];
const effort = (word: string) => ({ reasoning: { effort: word } });
const turns = ['one', 'two', 'three'].map((word) => ({ role: 'user', content: `${word} `.repeat(400) }));
const contents = ({ asked }: Observed) => asked?.prompt.messages.map(({ content }) => content);
const echo = (field: keyof ResponseObject) => (observed: Observed) => observed.response[field];

const theirs = {
  background: { bodies: [{ background: false }, { background: true }], effect: ({ response }) => response.status },
  context_management: { warns: { context_management: [{ type: 'compaction' }] } },
  conversation: {
    bodies: [{ conversation: 'conv_0000' }, { conversation: { id: 'conv_0002' } }],
    effect: contents,
    needs: 'context',
  },
  include: {
    bodies: [{ include: [] }, { include: logprobs }],
    effect: ({ response }) => JSON.stringify(response.output).includes('"logprob":'),
  },
  input: { bodies: [{ input: 'a' }, { input: [{ role: 'user', content: 'b' }] }], effect: contents },
  instructions: { bodies: [{ instructions: 'Be brief.' }, { instructions: 'Be long.' }], effect: contents },
  max_output_tokens: {
    bodies: [{ max_output_tokens: 2 }, { max_output_tokens: 100 }],
    effect: ({ response }) => [response.status, response.output_text],
  },
  metadata: { bodies: [{ metadata: { a: '1' } }, { metadata: { a: '2' } }], effect: echo('metadata') },
  model: {
    bodies: [{ model: 'tiny:fast' }, { model: 'tiny:low' }],
    effect: ({ response }) => response.thinking_stop,
  },
  moderation: { warns: { moderation: { policies: [] } } },
  parallel_tool_calls: {
    bodies: [
      { parallel_tool_calls: true, tools: [f] },
      { parallel_tool_calls: false, tools: [f] },
    ],
    effect: ({ response }) => response.output.length,
  },
  previous_response_id: {
    bodies: [{ previous_response_id: 'resp_0004' }, { previous_response_id: 'resp_0005' }],
    effect: contents,
    needs: 'context',
  },
  prompt: { refused: { prompt: { id: 'pmpt_1' } } },
  prompt_cache_key: { warns: { prompt_cache_key: 'k' } },
  prompt_cache_options: { warns: { prompt_cache_options: { mode: 'explicit' } } },
  prompt_cache_retention: { warns: { prompt_cache_retention: '24h' } },
  reasoning: { bodies: [effort('none'), effort('low')], effect: ({ response }) => response.thinking_stop },
  safety_identifier: {
    bodies: [{ safety_identifier: 'a' }, { safety_identifier: 'b' }],
    effect: echo('safety_identifier'),
  },
  service_tier: { bodies: [{ service_tier: 'default' }, { service_tier: 'flex' }], effect: ({ job }) => job.tier },
  store: { bodies: [{ store: true }, { store: false }], effect: ({ job }) => job.store },
  stream: { bodies: [{ stream: false }, { stream: true }], effect: ({ contentType }) => contentType },
  stream_options: {
    bodies: [
      { stream: true, stream_options: { include_obfuscation: false } },
      { stream: true, stream_options: { include_obfuscation: true } },
    ],
    effect: ({ text }) => text.includes('"obfuscation":"'),
  },
  temperature: {
    bodies: [{ temperature: 0 }, { temperature: 1 }],
    effect: ({ asked }) => asked?.sampling.temperature,
  },
  text: {
    bodies: [{ text: { format: { type: 'json_object' } } }, { text: { format: schema } }],
    effect: ({ asked }) => asked?.answer.constraint,
  },
  tool_choice: {
    bodies: [
      { tools: [f], tool_choice: 'none' },
      { tools: [f], tool_choice: 'auto' },
    ],
    effect: ({ response }) => response.output.map(({ type }) => type),
  },
  tools: { bodies: [{ tools: [f] }, { tools: [{ ...f, name: 'g' }] }], effect: ({ asked }) => asked?.prompt.tools },
  top_logprobs: {
    bodies: [
      { top_logprobs: 1, include: logprobs },
      { top_logprobs: 3, include: logprobs },
    ],
    effect: ({ asked }) => asked?.answer.topLogprobs,
  },
  top_p: { bodies: [{ top_p: 0.5 }, { top_p: 0.9 }], effect: ({ asked }) => asked?.sampling.topP },
  truncation: {
    bodies: [
      { truncation: 'auto', input: turns },
      { truncation: 'auto', input: turns.slice(2) },
    ],
    effect: ({ response }) => response.warnings.map(({ field }) => field),
  },
  user: { bodies: [{ user: 'a' }, { user: 'b' }], effect: echo('user') },
} satisfies Record<Theirs, Case>;

const thinks = (fields: Fields): Case => ({
  bodies: [{ mode: 'fast' }, fields],
  effect: ({ response }) => response.thinking_stop,
});

const ours = {
  client_metadata: { warns: { client_metadata: { thread_id: 't' } } },
  deterministic: {
    bodies: [{ deterministic: false }, { deterministic: true }],
    effect: ({ asked }) => asked?.deterministic,
  },
  frequency_penalty: {
    bodies: [{ frequency_penalty: 0 }, { frequency_penalty: 0.5 }],
    effect: ({ asked }) => asked?.sampling.frequencyPenalty,
  },
  logit_bias: {
    bodies: [{ logit_bias: { 5: -100 } }, { logit_bias: { 6: -100 } }],
    effect: ({ asked }) => asked?.sampling.logitBias,
  },
  max_tool_calls: { warns: { max_tool_calls: 3 } },
  presence_penalty: {
    bodies: [{ presence_penalty: 0 }, { presence_penalty: -0.5 }],
    effect: ({ asked }) => asked?.sampling.presencePenalty,
  },
  min_p: { bodies: [{ min_p: 0.1 }, { min_p: 0.2 }], effect: ({ asked }) => asked?.sampling.minP },
  mode: thinks({ mode: 'deliberate' }),
  output_config: thinks({ output_config: { effort: 'low' } }),
  reasoning_effort: thinks({ reasoning_effort: 'low' }),
  seed: { bodies: [{ seed: 1 }, { seed: 2 }], effect: ({ asked }) => asked?.sampling.seed },
  stop: { bodies: [{ stop: 'answer' }, { stop: ['is'] }], effect: ({ asked }) => asked?.answer.stop },
  think: thinks({ think: true }),
  thinking: thinks({ thinking: { type: 'enabled', budget_tokens: 40 } }),
  top_k: { bodies: [{ top_k: 5 }, { top_k: 9 }], effect: ({ asked }) => asked?.sampling.topK },
  webhook: {
    bodies: [{}, { webhook: { url: 'https://example.org/hook' } }],
    effect: ({ job }) => job.notify,
  },
} satisfies Record<Exclude<keyof CreateResponse, Theirs>, Case>;

const reasons = (one: ReasoningRequest, other: ReasoningRequest, effect: (observed: Observed) => unknown): Case => ({
  bodies: [{ reasoning: { effort: 'low', ...one } }, { reasoning: { effort: 'low', ...other } }],
  effect,
});
const effective = (name: keyof ResponseObject['reasoning']['effective']) => (observed: Observed) =>
  observed.response.reasoning.effective[name];
const types = ({ response }: Observed) => response.output.map(({ type }) => type);
/** A thought of an earlier turn, and the next question. */
const earlier = [
  { role: 'user', content: 'What is 1 + 1?' },
  { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'One and one.' }] },
  { role: 'assistant', content: '2' },
  { role: 'user', content: 'And 2 + 2?' },
];

/** The contract's table of `reasoning`. */
const ofReasoning = {
  effort: reasons({ effort: 'low' }, { effort: 'high' }, effective('budget_tokens')),
  summary: reasons({ summary: null }, { summary: 'auto' }, types),
  generate_summary: reasons({}, { generate_summary: 'detailed' }, types),
  context: {
    bodies: [
      { input: earlier, reasoning: { effort: 'low', context: 'current_turn' } },
      { input: earlier, reasoning: { effort: 'low', context: 'all_turns' } },
    ],
    effect: ({ body }: Observed) => JSON.stringify(body.prompt).includes('One and one.'),
  },
  budget_tokens: reasons({ budget_tokens: 20 }, { budget_tokens: 60 }, effective('budget_tokens')),
  answer_reserve_tokens: reasons(
    { answer_reserve_tokens: 20 },
    { answer_reserve_tokens: 60 },
    effective('answer_reserve_tokens'),
  ),
  deadline_ms: reasons({ deadline_ms: 60_000 }, { deadline_ms: 90_000 }, ({ body }) => body.deadline_at),
  strategy: reasons(
    { strategy: 'best-of-n' },
    { strategy: 'budget-forcing' },
    ({ response }) => response.reasoning.effective.strategy,
  ),
  options: reasons(
    { strategy: 'budget-forcing', options: { minimum_tokens: 2 } },
    { strategy: 'budget-forcing', options: { minimum_tokens: 4 } },
    ({ asked }) => asked?.thinking?.minimumTokens,
  ),
  samples: reasons({ samples: 1 }, { samples: 2 }, effective('samples')),
  max_revisions: reasons({ max_revisions: 0 }, { max_revisions: 1 }, effective('max_revisions')),
  checks: reasons({ checks: [] }, { checks: [{ type: 'arithmetic' }] }, ({ body }) => body.checks),
  compute: reasons({ compute: 'off' }, { compute: 'on' }, effective('compute')),
  checks_only: reasons(
    { checks: [{ type: 'agreement' }], checks_only: true },
    { checks: [{ type: 'agreement' }], checks_only: false },
    ({ body }) => body.request.reasoning?.checks_only,
  ),
} satisfies Record<keyof ReasoningRequest, Case>;

/** What is fast unless the fields say how much to think. */
const plain = (fields: Fields): Fields => {
  const says = ['mode', 'reasoning', 'model', 'think', 'thinking', 'output_config', 'reasoning_effort'];
  return { input: 'What is 40 + 2?', ...(says.some((field) => field in fields) ? {} : { mode: 'fast' }), ...fields };
};

const call = { name: 'f', arguments: '{}' };

async function createObserver(needs?: 'context') {
  const model = createScriptedModel({
    id: 'tiny',
    capabilities: { constraints: ['json_object', 'json_schema'] },
    script: ({ request: { prompt, answer } }) =>
      prompt.tools?.some(({ name }) => name === 'f') && answer.toolCalls !== 'none'
        ? { thought: 'hm', answer: '', toolCalls: [call, call] }
        : { thought: '40 + 2 = 42.', answer: 'The answer is 42.' },
  });
  const { ask, post, queue } = await createService(model);
  if (needs === 'context') {
    for (const word of ['x', 'y']) await post('/v1/conversations', { items: [{ role: 'user', content: word }] });
    for (const input of ['x', 'y']) await ask({ input, mode: 'fast' });
  }
  return {
    ask: (fields: Fields) => ask(plain(fields)),
    async observe(fields: Fields): Promise<Observed> {
      const answer = await ask(plain(fields));
      const text = await answer.text();
      expect(answer.status, text).toBe(200);
      const contentType = answer.headers.get('content-type') ?? '';
      const response = ResponseObject.parse(contentType.includes('json') ? JSON.parse(text) : lastOf(text).response);
      const job = (await queue.get(response.id))?.job;
      if (job === undefined) throw new Error('no job');
      return { response, job, body: responseJob(job), asked: model.calls.at(-1), contentType, text };
    },
  };
}

function lastOf(stream: string): { response: unknown } {
  return JSON.parse(
    stream
      .split('\n')
      .filter((line) => line.startsWith('data: {'))
      .at(-1)
      ?.slice(6) ?? '',
  );
}

describe.each([
  ['theirs', theirs],
  ['ours', ours],
  ['reasoning', ofReasoning],
])('fields of %s', (_whose, cases: Record<string, Case>) => {
  test.each(Object.entries(cases))('%s', async (name, given) => {
    if ('bodies' in given) {
      const effects: unknown[] = [];
      for (const fields of given.bodies) {
        const { observe } = await createObserver(given.needs);
        const observed = await observe(fields);
        if (name !== 'truncation') expect(observed.response.warnings).toEqual([]);
        effects.push(given.effect(observed));
      }
      expect(effects[0]).not.toEqual(effects[1]);
    } else if ('refused' in given) {
      const response = await createApi().ask({ input: 'a', ...given.refused });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'unsupported_input', param: name } });
    } else {
      const { observe } = await createObserver();
      const { response } = await observe(given.warns);
      expect(response.warnings.map(({ field }) => field)).toEqual([given.field ?? name]);
    }
  });
});

test.each([
  [{ text: { verbosity: 'low' } }, 'text.verbosity'],
  [{ include: ['web_search_call.results'] }, 'include'],
])('parts of fields that do nothing warn: %j', async (fields, field) => {
  const { observe } = await createObserver();
  expect((await observe(fields)).response.warnings).toMatchObject([{ field }]);
});

test.each([
  [{ truncation: 'disabled', input: turns }, 'input'],
  [{ tools: [{ type: 'web_search' }], tool_choice: 'required' }, 'tools[0].type'],
  [{ tool_choice: 'required' }, 'tool_choice'],
  [{ tools: [f], tool_choice: { type: 'function', name: 'g' } }, 'tool_choice.name'],
  [{ input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] }, 'input[0].content[0]'],
])('parts that can’t be honoured are refused by name: %j', async (fields, param) => {
  const { ask } = await createObserver();
  const refusal = await ask(fields);
  expect(refusal.status).toBe(400);
  expect(await refusal.json()).toMatchObject({ error: { param } });
});

import type OpenAI from 'openai';
import { expect, expectTypeOf, test } from 'vitest';
import { CreateResponse } from '../../src/contracts/responses/create-response.ts';
import { Response } from '../../src/contracts/responses/response.ts';
import type { ResponseEvent } from '../../src/contracts/responses/response-event.ts';

type Theirs = OpenAI.Responses.Response;

/** Wider by the contract, or null where their service sends null though their type has none. */
type Differing = 'incomplete_details' | 'usage' | 'user';

test('the response object is one of OpenAI’s', () => {
  expectTypeOf<Omit<Response, Differing>>().toExtend<Omit<Theirs, Differing>>();
  expectTypeOf<NonNullable<Response['usage']>>().toExtend<OpenAI.Responses.ResponseUsage>();
  expectTypeOf<Response['output'][number]>().toExtend<Theirs['output'][number]>();
});

test('every event of ours is one of theirs', () => {
  expectTypeOf<ResponseEvent['type']>().toExtend<OpenAI.Responses.ResponseStreamEvent['type']>();
  expectTypeOf<Exclude<ResponseEvent, { response: Response }>>().toExtend<OpenAI.Responses.ResponseStreamEvent>();
});

/** A field that they add makes this fail to compile: then the schema lacks it. */
const theirResponse: Record<keyof Theirs, true> = {
  id: true,
  created_at: true,
  output_text: true,
  error: true,
  incomplete_details: true,
  instructions: true,
  metadata: true,
  model: true,
  object: true,
  output: true,
  parallel_tool_calls: true,
  temperature: true,
  tool_choice: true,
  tools: true,
  top_p: true,
  background: true,
  completed_at: true,
  conversation: true,
  max_output_tokens: true,
  moderation: true,
  previous_response_id: true,
  prompt: true,
  prompt_cache_key: true,
  prompt_cache_options: true,
  prompt_cache_retention: true,
  reasoning: true,
  safety_identifier: true,
  service_tier: true,
  status: true,
  text: true,
  top_logprobs: true,
  truncation: true,
  usage: true,
  user: true,
};

test('every field of their response is in ours', () => {
  expect(Object.keys(theirResponse).filter((field) => !Object.hasOwn(Response.shape, field))).toEqual([]);
});

test('what their clients send is accepted', () => {
  const params = {
    model: 'm',
    input: [
      { role: 'user', content: 'hi' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'hi', annotations: [], logprobs: [] }],
      },
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'x' },
      { type: 'item_reference', id: 'msg_2' },
    ],
    reasoning: { effort: 'xhigh', summary: 'auto', context: 'all_turns' },
    tools: [{ type: 'function', name: 'f', parameters: null, strict: true }],
    tool_choice: { type: 'function', name: 'f' },
    text: { format: { type: 'json_schema', name: 'n', schema: {} }, verbosity: 'low' },
    truncation: 'auto',
    service_tier: 'flex',
    stream: true,
  } satisfies OpenAI.Responses.ResponseCreateParams;
  expect(CreateResponse.safeParse(params).error).toBeUndefined();
});

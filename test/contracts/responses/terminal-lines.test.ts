import { describe, expect, test } from 'vitest';
import { initialEvents, initialResponse } from '../../../src/contracts/responses/initial-response.ts';
import type { Job, LogLine } from '../../../src/contracts/responses/job.ts';
import { Response } from '../../../src/contracts/responses/response.ts';
import { ResponseEvent, TerminalEvent } from '../../../src/contracts/responses/response-event.ts';
import { responseFromLog } from '../../../src/contracts/responses/response-from-log.ts';
import { ResponseJob } from '../../../src/contracts/responses/response-job.ts';
import { nextWireNumber, terminalLine, terminalLines } from '../../../src/contracts/responses/terminal-lines.ts';
import { allScopes } from '../../../src/contracts/service/key-scopes.ts';

const body = (background: boolean): ResponseJob => ({
  version: 1,
  request: { input: 'a', tools: [{ type: 'function', name: 'f' }] },
  prompt: { messages: [{ role: 'user', content: 'a' }] },
  input_tokens: 1,
  effective: {
    effort: 'low',
    strategy: 'deliberate',
    budget_tokens: 16,
    answer_reserve_tokens: 8,
    samples: 1,
    max_revisions: 0,
    deadline_ms: null,
  },
  checks: null,
  answer: { max_tokens: 8, stop: [] },
  sampling: { temperature: null },
  deterministic: false,
  deadline_at: null,
  background,
  summary: null,
  include: { reasoning_text: false, encrypted_content: false, logprobs: false, tool_outputs: false },
  scopes: allScopes,
  warnings: [],
});

const job = (background = false): Job => ({
  version: 1,
  id: 'resp_1',
  model: 'tiny',
  tier: 'default',
  createdAt: 1_700_000_000_999,
  owner: null,
  store: true,
  body: ResponseJob.parse(body(background)),
});

const usage = { input: 4, cached: 1, draft: 0, think: 6, check: 0, revise: 0, forced: 2, discarded: 0, answer: 1 };

/** A log of wire events numbered from 1, with a progress line between. */
function log(events: ReadonlyArray<Record<string, unknown>>): LogLine[] {
  const lines = events.map((event, index): LogLine => {
    const number = index + 1;
    return { stream: 'wire', number, data: ResponseEvent.parse({ ...event, sequence_number: number }) };
  });
  const progress = { phase: 'answer', step: 1, steps: 1, thinking_tokens: 6, budget_tokens: 16 };
  const data = { type: 'progress', progress: { ...progress, queue_position: null, eta_ms: null }, usage };
  return [...lines.slice(0, 2), { stream: 'trace', number: 0, data }, ...lines.slice(2)];
}

const part = (text: string) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const message = (status: string, content: unknown[]) => ({
  type: 'message',
  id: 'm',
  role: 'assistant',
  status,
  content,
});
const call = (status: string, args: string) => ({
  type: 'function_call',
  id: 'f',
  call_id: 'c',
  name: 'f',
  arguments: args,
  status,
});
const at = { output_index: 0, content_index: 0, item_id: 'm' };
const begun = [
  { type: 'response.in_progress', response: { ...initialResponse(job()), status: 'in_progress' } },
  { type: 'response.output_item.added', output_index: 0, item: message('in_progress', []) },
  { type: 'response.content_part.added', ...at, part: part('') },
  { type: 'response.output_text.delta', ...at, delta: 'The ans', logprobs: [] },
  { type: 'response.output_text.delta', ...at, delta: 'wer', logprobs: [] },
];
const told = [
  ...begun,
  { type: 'response.output_text.done', ...at, text: 'The answer', logprobs: [] },
  { type: 'response.output_item.done', output_index: 0, item: message('completed', [part('The answer')]) },
  { type: 'response.output_item.added', output_index: 1, item: call('in_progress', '') },
  { type: 'response.function_call_arguments.delta', output_index: 1, item_id: 'f', delta: '{"a"' },
];

describe('the first events', () => {
  test('are created, and in the background queued, from the job alone', () => {
    expect(initialEvents(job()).map(({ type }) => type)).toEqual(['response.created']);
    const background = initialEvents(job(true));
    expect(background.map(({ type, sequence_number }) => [type, sequence_number])).toEqual([
      ['response.created', 0],
      ['response.queued', 1],
    ]);
    expect(initialEvents(job(true))).toEqual(background);
    for (const event of background) expect(ResponseEvent.parse(event)).toEqual(event);
  });

  test('the job’s body survives JSON', () => {
    expect(ResponseJob.parse(JSON.parse(JSON.stringify(body(true))))).toEqual(body(true));
  });

  test.each([
    [false, 1],
    [true, 2],
  ])('leave the log’s first number (background %s) at %i', (background, number) => {
    expect(nextWireNumber(job(background), [])).toBe(number);
  });
});

describe('a response that is cut short', () => {
  test('keeps the text and the usage that its log shows', () => {
    const line = terminalLines.cancelled(job(), log(begun));
    expect(line).toMatchObject({ stream: 'wire', number: 6, terminal: 'cancelled' });
    const event = TerminalEvent.parse(line.data);
    expect(event).toMatchObject({ type: 'response.incomplete', sequence_number: 6 });
    expect(event.response).toMatchObject({
      status: 'cancelled',
      output_text: 'The answer',
      output: [{ status: 'incomplete', content: [{ text: 'The answer' }] }],
      error: null,
      usage: {
        input_tokens: 4,
        input_tokens_details: { cached_tokens: 1 },
        output_tokens: 9,
        output_tokens_details: { reasoning_tokens: 8 },
        total_tokens: 13,
      },
    });
  });

  test('keeps finished items as they are, and closes the open one', () => {
    const { response } = TerminalEvent.parse(terminalLines.cancelled(job(), log(told)).data);
    expect(response.output).toMatchObject([
      { type: 'message', status: 'completed' },
      { type: 'function_call', status: 'incomplete', arguments: '{"a"' },
    ]);
    expect(response.output_text).toBe('The answer');
  });

  test('by a failure says why, in response.failed', () => {
    const line = terminalLines.failed(job(), log(begun), 'The worker died too often.');
    expect(line.terminal).toBe('failed');
    expect(TerminalEvent.parse(line.data)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'The worker died too often.' } },
    });
  });

  test('before it ran has no output, and usage all the same', () => {
    const { response } = TerminalEvent.parse(terminalLines.cancelled(job(true), []).data);
    expect(response).toMatchObject({ status: 'cancelled', output: [], output_text: '', usage: { total_tokens: 0 } });
    expect(Response.parse(response)).toEqual(response);
  });

  test('takes the usage that its worker knows before that of the log', () => {
    const { response } = TerminalEvent.parse(terminalLines.cancelled(job(), log(begun), { ...usage, answer: 5 }).data);
    expect(response.usage?.output_tokens).toBe(13);
  });
});

test('a second attempt’s in_progress takes nothing back', () => {
  const again = [...told, begun[0] ?? {}];
  expect(responseFromLog(job(), log(again)).output).toHaveLength(2);
});

test('a response that has not ended can’t be committed', () => {
  expect(() => terminalLine(1, 'response.completed', initialResponse(job()))).toThrow('queued');
});

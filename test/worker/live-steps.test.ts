import { expect, test } from 'vitest';
import { TraceEvent } from '../../src/contracts/responses/trace.ts';
import { createLiveSteps } from '../../src/worker/live-steps.ts';
import { readEvents } from '../api/responses/fixture.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { createService } from './service.ts';

const piece = (index: number, text: string, expression?: string) => ({
  type: 'step-delta' as const,
  index,
  text,
  ...(expression !== undefined && { expression }),
});

test('pieces are gathered to lines, step by step, with what was computed in them', () => {
  const live = createLiveSteps(() => 0);
  expect(live.delta(piece(1, '40 + 2 ='))).toEqual([]);
  expect(live.delta(piece(2, 'another'))).toEqual([]);
  expect(live.delta(piece(1, ' 42', '40 + 2'))).toEqual([]);
  expect(live.delta(piece(1, '\n'))).toEqual([
    {
      type: 'trace_step.delta',
      index: 1,
      text: '40 + 2 = 42\n',
      computed: [{ at: 9, length: 2, expression: '40 + 2' }],
    },
  ]);
  live.end(2);
  expect(live.delta(piece(2, 'new thought\n'))).toEqual([
    { type: 'trace_step.delta', index: 2, text: 'new thought\n' },
  ]);
});

test('a slow thought is shown after 250 ms, a long line after 80 characters', () => {
  let now = 0;
  const live = createLiveSteps(() => now);
  expect(live.delta(piece(0, 'slow'))).toEqual([]);
  now = 250;
  expect(live.delta(piece(0, 'ly'))).toMatchObject([{ text: 'slowly' }]);
  expect(live.delta(piece(0, 'x'.repeat(80)))).toMatchObject([{ text: 'x'.repeat(80) }]);
});

test('gathered text goes along when other lines are logged', () => {
  const live = createLiveSteps(() => 0);
  expect(live.delta(piece(0, 'First'))).toEqual([]);
  expect(live.delta(piece(0, ' the'), { flush: true })).toMatchObject([{ text: 'First the' }]);
  expect(live.delta(piece(0, ' tens'))).toEqual([]);
});

const thought = 'First the tens: 40.\nThen the ones: 2.\n';
const question = 'What is 40 + 2?';
const reasoning = { effort: 'low', strategy: 'self-consistency', samples: 3, budget_tokens: 400 };

async function traceOf(body: object): Promise<TraceEvent[]> {
  let chain = 0;
  const script = () => {
    chain += 1;
    return { thought, answer: `4${chain}` };
  };
  const { answered, app } = await createService(createScriptedModel({ id: 'tiny', script }));
  const { id } = await answered({ input: question, reasoning, ...body });
  const stream = await app.request(`/v1/responses/${id}/trace?stream=true`);
  return (await readEvents(stream)).events.map((event) => TraceEvent.parse(event));
}

test('the trace has the thoughts of all chains, before each of them has ended', async () => {
  const events = await traceOf({ include: ['reasoning.text'], background: true });
  const pieces = events.filter((event) => event.type === 'trace_step.delta');
  const steps = new Set(pieces.map(({ index }) => index));
  expect(steps.size).toBe(3);
  for (const index of steps) {
    const text = pieces.filter((event) => event.index === index).map((event) => event.text);
    expect(text.join('')).toBe(thought);
    const ended = events.findIndex((event) => event.type === 'trace_step.done' && event.step.index === index);
    expect(events.findLastIndex((event) => event.type === 'trace_step.delta' && event.index === index)).toBeLessThan(
      ended,
    );
  }
}, 30_000);

test('nothing of it is logged where thoughts were not asked for', async () => {
  const events = await traceOf({ background: true });
  expect(events.some(({ type }) => type === 'trace_step.delta')).toBe(false);
}, 30_000);

import { existsSync } from 'node:fs';
import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TraceEvent } from '../../src/contracts/responses/trace.ts';
import { installedLlama } from '../../src/models/local/gguf/llama-library.ts';
import { slowed } from '../support/child-process.ts';
import { smollm2 } from '../support/gguf-file.ts';
import { dataFolder, getJson, postJson, startService, type TestService } from '../support/start-service.ts';
import { orderFaults } from '../support/wire-order.ts';

const question = 'A baker makes 12 trays of 15 rolls and sells 97 of them. How many rolls are left?';
/** The thought about this one has five computed values; the thought of a small model that only continues lists, about the other. */
const manySums =
  'Anna buys 3 books at 14 dollars, 5 pens at 2 dollars and 7 notebooks at 6 dollars. She pays with 150 dollars. How much change does she get?';
const listOfSums = 'Continue this list up to 12 + 20: 12 + 1 = 13, 12 + 2 = 14, 12 + 3 = 15,';
const messages = [{ role: 'user', content: question }];
const reasoning = { effort: 'high' };

/** No variables: the model that comes with the package. */
const embedded: Record<string, string> = {};

/** Thoughts as they are thought, with the real model. */
describe('live thoughts', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  let service: TestService;
  let models = embedded;
  const start = () => startService('start', { THINKFIRST_DATA: data.path, ...models });
  /** A thought takes some tenths of a second: slowed down, it is far from its end when the first of it is read. */
  const slowedInference = async () => {
    await service.logged(({ msg }) => msg === 'inference process ready');
    const pid = Number(service.log().findLast(({ msg }) => msg === 'inference process ready')?.['inferencePid']);
    return { pid, ...slowed(pid) };
  };

  beforeAll(async () => {
    data = await dataFolder();
    service = await start();
  });
  afterAll(async () => {
    await service.stop();
    await data.remove();
  });

  /** Text of a body as it comes; `onText` is awaited before more is read. */
  async function read(
    path: string,
    body: object | undefined,
    onText: (sofar: string) => Promise<void>,
  ): Promise<string> {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${service.url}${path}`, body === undefined ? {} : post);
    expect(response.status).toBe(200);
    let text = '';
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      await onText(text);
    }
    return text;
  }

  it.each([
    ['/v1/responses', { input: question, reasoning, include: ['reasoning.text'] }, '"response.reasoning_text.delta"'],
    ['/v1/chat/completions', { messages, reasoning_effort: 'high' }, '"reasoning_content"'],
    ['/v1/messages', { messages, max_tokens: 2_000, thinking: { type: 'adaptive' } }, '"thinking_delta"'],
    ['/api/chat', { messages, think: 'high' }, '"thinking"'],
  ])('of %s are read before the first chain has ended', async (path, body, mark) => {
    const inference = await slowedInference();
    let chain: Array<{ phase: string; stop_reason: string | null }> | undefined;
    const text = await read(path, { model: 'thinkfirst-135m', ...body, stream: true }, async (sofar) => {
      if (chain !== undefined || !sofar.includes(mark)) return;
      const { data: newest } = await getJson(`${service.url}/v1/responses?limit=1`);
      const { steps } = await getJson(`${service.url}/v1/responses/${newest[0].id}/trace`);
      chain = steps.filter(({ phase }: { phase: string }) => phase === 'think');
      inference.letGo();
    });
    // A step that has not ended has no reason why it did.
    expect(chain?.[0]).toMatchObject({ phase: 'think', stop_reason: null });
    expect(text.split(mark).length).toBeGreaterThan(3);
    if (path === '/v1/responses') expect(orderFaults(eventsOf(text))).toEqual([]);
  });

  it('that were read stay what a later reader reads, when the service is killed while it thinks', async () => {
    const asked = {
      input: question,
      reasoning: { ...reasoning, summary: 'detailed' },
      include: ['reasoning.text', 'reasoning.encrypted_content'],
      background: true,
    };
    const inference = await slowedInference();
    const { body } = await postJson(`${service.url}/v1/responses`, asked);
    const path = `/v1/responses/${body.id}?stream=true`;
    let begun = '';
    await read(path, undefined, async (sofar) => {
      begun = sofar;
      if (sofar.split('event: response.reasoning_text.delta').length > 3) service.kill('SIGKILL');
    }).catch(() => undefined);
    inference.letGo();
    const shown = begun.slice(0, begun.lastIndexOf('\n\n') + 2).replaceAll(': keep-alive\n\n', '');
    expect(shown).not.toContain('response.reasoning_text.done');
    service = await start();
    const whole = (await read(path, undefined, async () => undefined)).replaceAll(': keep-alive\n\n', '');
    expect(whole.slice(0, shown.length)).toBe(shown);
    const events = eventsOf(whole);
    expect(orderFaults(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'response.completed' });
    expect(await getJson(`${service.url}/v1/responses/${body.id}`)).toEqual(events.at(-1)?.['response']);
    // All of it goes back.
    const input = [{ role: 'user', content: question }, ...outputOf(events.at(-1)), { role: 'user', content: 'Sure?' }];
    const next = await postJson(`${service.url}/v1/responses`, { input, reasoning: { effort: 'none' } });
    expect(next.body).toMatchObject({ status: 'completed' });
  });

  describe.each<LiveModel>([
    ['the embedded model', embedded, manySums, ['inference process', 'service']],
    ...ggufModels(),
  ])('with values that are computed for %s', (_, variables, input, killedParts) => {
    const include = ['reasoning.text'];
    const oneChain = { effort: 'low', strategy: 'budget-forcing', budget_tokens: 200, compute: 'on' };
    const asked = {
      input,
      reasoning: oneChain,
      max_output_tokens: 460,
      include,
      deterministic: true,
      seed: 7,
      background: true,
    };
    const outcome = async (id: string) => {
      const { usage, output_text } = await getJson(`${service.url}/v1/responses/${id}`);
      const { steps } = await getJson(`${service.url}/v1/responses/${id}/trace`);
      const [{ text, computed, usage: spent, stop_reason }] = steps;
      return { phases: usage.phases, output_text, text, computed, spent, stop_reason };
    };
    let undisturbed: Awaited<ReturnType<typeof outcome>>;
    beforeAll(async () => {
      if (variables !== models) {
        models = variables;
        await service.stop();
        service = await start();
      }
      const { body } = await postJson(`${service.url}/v1/responses`, { ...asked, background: false });
      undisturbed = await outcome(body.id);
      expect(undisturbed.computed.length).toBeGreaterThan(3);
    });

    it.each(killedParts)('are the same when the %s is killed between two', async (killed) => {
      const inference = await slowedInference();
      const { id } = (await postJson(`${service.url}/v1/responses`, asked)).body;
      const trace = `/v1/responses/${id}/trace?stream=true`;
      let isKilled = false;
      const reading = read(trace, undefined, async (sofar) => {
        if (isKilled || !sofar.includes('"computed"')) return;
        isKilled = true;
        if (killed === 'service') service.kill('SIGKILL');
        else process.kill(inference.pid, 'SIGKILL');
        inference.letGo();
      });
      // What reads from a killed service fails.
      await reading.catch(() => undefined);
      if (killed === 'service') service = await start();
      const events = eventsOf(await read(`/v1/responses/${id}?stream=true`, undefined, async () => undefined));
      expect(orderFaults(events)).toEqual([]);
      expect(events.at(-1)).toMatchObject({ type: 'response.completed' });
      expect(await outcome(id)).toEqual(undisturbed);
      // The attempt that was killed had logged some values, but not all.
      const [first = 0, ...later] = valuesOfChains(eventsOf(await read(trace, undefined, async () => undefined)));
      expect(later).toHaveLength(1);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThan(undisturbed.computed.length);
    });
  });
});

type LiveModel = [name: string, variables: Record<string, string>, input: string, killed: string[]];

/** A GGUF file, where llama.cpp and a file are there. */
function ggufModels(): LiveModel[] {
  const file = process.env['GGUF_FILE'] || smollm2;
  if (installedLlama() === undefined || !existsSync(file)) return [];
  // Threads of llama.cpp wait for each other, which takes long beside other tests.
  const variables = { THINKFIRST_THREADS: '1', THINKFIRST_MODELS: JSON.stringify([{ folder: file, id: 'gguf' }]) };
  return [['a GGUF file', variables, listOfSums, ['inference process']]];
}

type Event = { type: string; [field: string]: unknown };

/** How many computed values the trace shows of each time that a chain was begun. */
function valuesOfChains(trace: readonly Event[]): number[] {
  const counts: number[] = [];
  for (const raw of trace) {
    const event = TraceEvent.parse(raw);
    if (event.type === 'trace_step.added' && event.step.phase === 'think') counts.push(0);
    if (event.type === 'trace_step.delta') counts.push((counts.pop() ?? 0) + (event.computed?.length ?? 0));
  }
  return counts;
}

function eventsOf(text: string): Event[] {
  const events: Event[] = [];
  const parser = createParser({ onEvent: ({ data }) => void (data !== '[DONE]' && events.push(JSON.parse(data))) });
  parser.feed(text);
  return events;
}

function outputOf(event: Event | undefined): object[] {
  const response = event?.['response'];
  return typeof response === 'object' && response !== null && 'output' in response && Array.isArray(response.output)
    ? response.output
    : [];
}

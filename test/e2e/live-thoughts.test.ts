import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFolder, getJson, postJson, startService, type TestService } from '../support/start-service.ts';
import { orderFaults } from '../support/wire-order.ts';

const question = 'A baker makes 12 trays of 15 rolls and sells 97 of them. How many rolls are left?';
const messages = [{ role: 'user', content: question }];
const reasoning = { effort: 'high' };

/** Thoughts as they are thought, with the real model. */
describe('live thoughts', () => {
  let data: Awaited<ReturnType<typeof dataFolder>>;
  let service: TestService;
  const start = () => startService('start', { THINKFIRST_DATA: data.path });

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
    let chain: Array<{ phase: string; stop_reason: string | null }> | undefined;
    const text = await read(path, { model: 'thinkfirst-135m', ...body, stream: true }, async (sofar) => {
      if (chain !== undefined || !sofar.includes(mark)) return;
      const { data: newest } = await getJson(`${service.url}/v1/responses?limit=1`);
      const { steps } = await getJson(`${service.url}/v1/responses/${newest[0].id}/trace`);
      chain = steps.filter(({ phase }: { phase: string }) => phase === 'think');
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
    const { body } = await postJson(`${service.url}/v1/responses`, asked);
    const path = `/v1/responses/${body.id}?stream=true`;
    let begun = '';
    await read(path, undefined, async (sofar) => {
      begun = sofar;
      if (sofar.split('event: response.reasoning_text.delta').length > 3) service.kill('SIGKILL');
    }).catch(() => undefined);
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
});

type Event = { type: string; [field: string]: unknown };

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

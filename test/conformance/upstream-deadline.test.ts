import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dialectNames } from '../../src/models/servers/client/dialect.ts';
import { connect, script } from '../support/upstream-run.ts';
import { createService } from '../worker/service.ts';

const answer = script.answer.join('');

describe.each(dialectNames)('%s: a server that hangs until the deadline', (dialect) => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  const cut = { status: 'incomplete', incomplete_details: { reason: 'deadline' } };

  /** Lets the time pass once so many events have come, and been read. */
  function expireAfter(events: number) {
    let text = '';
    return new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        text += Buffer.from(chunk).toString('latin1');
        if (text.split('data: ').length > events) setImmediate(() => vi.advanceTimersByTime(60_000));
      },
    });
  }

  /** The completion of this number begins and hangs after three chunks; the deadline passes then. */
  async function askUntilHang(hanging: number, asked: Record<string, unknown>) {
    let completions = 0;
    const faults = [
      ...Array.from({ length: hanging - 1 }, () => ({ kind: 'none' }) as const),
      { kind: 'hang', chunks: 3 } as const,
    ];
    const { model, server } = await connect(
      { dialect, script, faults },
      {
        id: 'tiny',
        fetch: async (url, init) => {
          const response = await fetch(url, init);
          if (String(url).endsWith('/completions')) completions += 1;
          if (completions < hanging || response.body === null) return response;
          return new Response(response.body.pipeThrough(expireAfter(3)), response);
        },
      },
    );
    const { answered } = await createService(model, { now: Date.now });
    const response = await answered({ input: 'What is 3 + 4?', ...asked });
    expect(await server.completions().at(-1)?.closedEarly).toBe(true);
    expect(server.completions()).toHaveLength(hanging);
    return response;
  }

  it.each([
    ['a fast answer', { mode: 'fast', reasoning: { deadline_ms: 60_000 } }],
    ['a draft', { reasoning: { effort: 'medium', deadline_ms: 60_000 } }],
  ])('gives what %s has come to', async (_name, asked) => {
    const response = await askUntilHang(1, asked);
    expect(response).toMatchObject({ ...cut, thinking_stop: null });
    expect(answer.startsWith(response.output_text)).toBe(true);
  });

  it('gives the draft where the thought hangs', async () => {
    const response = await askUntilHang(2, { reasoning: { effort: 'medium', deadline_ms: 60_000 } });
    expect(response).toMatchObject({ status: 'completed', output_text: answer });
  });

  it('gives nothing of a thought that hangs', async () => {
    const reasoning = { effort: 'low', strategy: 'budget-forcing', deadline_ms: 60_000 };
    expect(await askUntilHang(1, { reasoning })).toMatchObject({ ...cut, output_text: '' });
  });
});

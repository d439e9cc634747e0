import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRowStore } from '../../eval/answered-row.ts';
import { parseArm } from '../../eval/arm.ts';
import { askQuestions } from '../../eval/ask-questions.ts';
import type { ServiceClient } from '../../eval/service-client.ts';
import { summarise } from '../../eval/summary.ts';

const questions = ['1 + 1', '2 + 2', '3 + 3'].map((question, index) => ({
  kind: 'add',
  question,
  answer: String(2 * (index + 1)),
  row: index + 1,
}));
const model = { id: 'scripted' };
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eval-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Fast says 2 to everything; thinking is right. */
function scriptedClient(
  warnings: Array<{ field: string; message: string }> = [],
): ServiceClient & { asked: Record<string, unknown>[] } {
  const asked: Record<string, unknown>[] = [];
  return {
    asked,
    async respond(request) {
      asked.push(request);
      const thinks = JSON.stringify(request).includes('high');
      const right = questions.find(({ question }) => question === request['input'])?.answer;
      const phases = { draft: 0, think: thinks ? 20 : 0, check: 0, revise: 0, forced: 0, discarded: 0, answer: 5 };
      return {
        id: `resp_${asked.length}`,
        status: 'completed',
        model: 'scripted',
        output_text: `The answer is ${thinks ? right : 2}.`,
        answer_source: thinks ? 'deliberate' : 'draft',
        thinking_stop: thinks ? 'natural' : null,
        verdict: thinks ? { kind: 'single', agreement: null, probability: 0.75, because: 'One chain.' } : null,
        usage: {
          input_tokens: 3,
          input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
          output_tokens: thinks ? 25 : 5,
          output_tokens_details: { reasoning_tokens: thinks ? 20 : 0 },
          phases,
          total_tokens: 8,
        },
        warnings,
      };
    },
    trace: async () => [],
    model: async () => model,
  };
}

const run = async (client: ServiceClient, arms: string[]) =>
  askQuestions({
    client,
    store: await openRowStore(folder),
    set: { name: 'sums', questions },
    arms: arms.map((arm) => parseArm(arm)),
    model,
    concurrency: 2,
    now: () => 0,
    onRow() {},
  });

describe('askQuestions', () => {
  it('scores every arm and pairs them by question', async () => {
    const rows = await run(scriptedClient(), ['none', 'high']);
    const [fast, high] = summarise(rows, ['none', 'high'], { against: ['none'] });
    expect(fast).toMatchObject({ questions: 3, right: 1, outputTokens: 5, thinkingTokens: 0 });
    expect(high).toMatchObject({ questions: 3, right: 3, outputTokens: 25, thinkingTokens: 20 });
    expect(high?.againstFast).toMatchObject({ value: 2 / 3, gained: 2, lost: 0 });
    expect(high?.against).toEqual([{ arm: 'none', ...high?.againstFast }]);
    expect(fast?.against).toBeUndefined();
  });

  it('says what the verdicts were worth, where anything was thought about', async () => {
    const rows = await run(scriptedClient(), ['none', 'high']);
    const [fast, high] = summarise(rows, ['none', 'high']);
    expect(fast).not.toHaveProperty('verdicts');
    const kinds = { single: { right: 3, questions: 3 } };
    expect(high?.verdicts).toEqual({ kinds, wrongVerified: 0, stated: 3, calibrationError: 0.25 });
    const verified = { kind: 'verified', probability: null } as const;
    const [worse] = summarise(
      rows.map((row, index) => ({ ...row, arm: 'high', right: index > 1, verdict: verified })),
      ['high'],
    );
    expect(worse?.verdicts).toMatchObject({ wrongVerified: 2, stated: 0, calibrationError: null });
  });

  it('goes on where a stopped run was, and asks again what is asked differently', async () => {
    await run(scriptedClient(), ['none']);
    const second = scriptedClient();
    const rows = await run(second, ['none', 'high']);
    expect(rows).toHaveLength(6);
    expect(second.asked).toHaveLength(3);
    const third = scriptedClient();
    expect(await run(third, ['high:samples=2'])).toHaveLength(3);
    expect(third.asked).toHaveLength(3);
  });

  it('stops at a field that the service did not apply, but not at a thought that was empty', async () => {
    const warned = (field: string) => scriptedClient([{ field, message: 'No.' }]);
    await expect(run(warned('reasoning.samples'), ['high'])).rejects.toThrow('reasoning.samples: No.');
    await expect(run(warned('reasoning.effort'), ['none'])).rejects.toThrow('reasoning.effort: No.');
    expect(await run(warned('reasoning.effort'), ['high'])).toHaveLength(3);
  });

  it('seeds each question by its row, so that a run can be had again', async () => {
    const client = scriptedClient();
    await run(client, ['high']);
    expect(client.asked.map((request) => request['seed']).toSorted()).toEqual([1, 2, 3]);
  });

  it('gives an arm’s check `expected` each question’s own answer', async () => {
    const client = scriptedClient();
    await run(client, ['high:checks=expected']);
    expect(client.asked.map(({ input, reasoning }) => [input, reasoning])).toEqual(
      questions.map(({ question, answer }) => [
        question,
        expect.objectContaining({ checks: [{ type: 'expected', value: answer }] }),
      ]),
    );
  });
});

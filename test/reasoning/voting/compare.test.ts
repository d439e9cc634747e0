import { describe, expect, it } from 'vitest';
import { ServiceError } from '../../../src/contracts/service/service-error.ts';
import { createTestModel } from '../../support/scripted-model.ts';
import { runStrategy, table } from '../../support/strategy-run.ts';

/** Chains that end with these answers; asked to compare, the model replies with what `reply` makes of those that it sees, in order. */
const comparing = (answers: readonly string[], reply: (...shown: string[]) => string) => {
  const left = [...answers];
  return createTestModel({
    script(request) {
      const asked = request.prompt.messages.at(-1)?.content ?? '';
      const shown = [...asked.matchAll(/Answer [A-Z]: The answer is (\d+)\./g)].map(([, value = '']) => value);
      if (shown.length > 0) return { answer: reply(...shown) };
      const said = left.shift() ?? '0';
      return { thought: `First line.\nSo it is ${said}.`, answer: `The answer is ${said}.` };
    },
  });
};

const run = (model: ReturnType<typeof comparing>, compare = true, samples = 2) =>
  runStrategy('self-consistency', { model, checks: [], table: { ...table, compare }, effective: { samples } });

const compared = ({ steps }: Awaited<ReturnType<typeof run>>) =>
  steps.filter(({ prompt }) => prompt?.file === 'compare.txt');

describe('a tie between answers', () => {
  it('goes to the answer that a comparison prefers in both orders', async () => {
    const prefers = (wanted: string) => run(comparing(['7', '9'], (first) => (first === wanted ? 'A' : 'B')));
    const nine = await prefers('9');
    expect(nine.answer).toBe('The answer is 9.');
    expect(compared(nine)).toMatchObject([
      { phase: 'vote', answer: '9', because: expect.stringContaining('both times') },
    ]);
    expect((await prefers('7')).answer).toBe('The answer is 7.');
    expect(nine.outcome.verdict?.kind).toBe('unsure');
  });

  it('is settled among all answers where no two chains agree, of more than eight among the first eight', async () => {
    const seen: string[][] = [];
    const choose = (wanted: string) =>
      comparing(['7', '9', '11', '13'], (...shown) => {
        seen.push(shown);
        return 'ABCD'[shown.indexOf(wanted)] ?? '';
      });
    const one = await run(choose('13'), true, 4);
    expect(one.answer).toBe('The answer is 13.');
    expect(compared(one)).toMatchObject([
      { answer: '13', summary: expect.stringMatching(/which of \d+, \d+, \d+ and \d+ is right, .* chose 13/) },
    ]);
    expect(one.outcome.verdict).toMatchObject({ kind: 'unsure', agreement: { agree: 1, of: 4 } });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]?.toReversed());
    // The middle one, and a leader that only some share: 9 has two chains, 7 has two, 11 has one.
    seen.length = 0;
    const two = comparing(['7', '9', '9', '7', '11'], (...shown) => {
      seen.push(shown);
      return 'AB'[shown.indexOf('9')] ?? '';
    });
    expect((await run(two, true, 5)).answer).toBe('The answer is 9.');
    expect(seen.map((shown) => shown.toSorted())).toEqual([
      ['7', '9'],
      ['7', '9'],
    ]);
    const many = comparing(
      Array.from({ length: 10 }, (_, number) => `${number + 20}`),
      (...shown) => {
        expect(shown).toHaveLength(8);
        return 'The answer is (H).';
      },
    );
    // Both name the last that they see: they contradict each other.
    expect(compared(await run(many, true, 10))).toMatchObject([{ answer: null }]);
  });

  it('stays as the vote has it where the replies contradict each other or name no answer', async () => {
    for (const reply of ['A', 'B', 'Both A and B.', 'Neither.']) {
      const undecided = await run(comparing(['7', '9'], () => reply));
      expect(undecided.answer).toBe(
        (
          await run(
            comparing(['7', '9'], () => ''),
            false,
          )
        ).answer,
      );
      expect(compared(undecided)).toMatchObject([{ answer: null, because: expect.stringContaining('did not decide') }]);
    }
  });

  it('is not compared where one answer leads, nor where the table does not say that it pays', async () => {
    expect(compared(await run(comparing(['7', '7'], () => 'A')))).toEqual([]);
    expect(
      compared(
        await run(
          comparing(['7', '9'], () => 'A'),
          false,
        ),
      ),
    ).toEqual([]);
  });

  it('is not compared by a strategy that does not vote', async () => {
    const model = comparing(['7', '9'], () => 'A');
    const given = { model, checks: [], table: { ...table, compare: true }, effective: { samples: 2 } };
    expect(compared(await runStrategy('best-of-n', given))).toEqual([]);
  });

  it.each(['the deadline passes', 'the answer is wanted now', 'the model fails'])(
    'stays as the vote has it where %s meanwhile',
    async (what) => {
      const [deadline, answerNow] = [new AbortController(), new AbortController()];
      let compared = 0;
      const model = comparing(['7', '9'], () => {
        compared += 1;
        if (what === 'the deadline passes') deadline.abort(new Error('late'));
        else if (what === 'the answer is wanted now') answerNow.abort(new Error('now'));
        else throw new ServiceError({ code: 'context_length_exceeded', message: 'The input is too long.' });
        return 'A';
      });
      const { outcome, answer, steps } = await runStrategy('self-consistency', {
        model,
        checks: [],
        table: { ...table, compare: true },
        effective: { samples: 2 },
        deadline: deadline.signal,
        answerNow: answerNow.signal,
      });
      expect(answer).toMatch(/^The answer is [79]\.$/);
      expect(outcome).toMatchObject({ verdict: { kind: 'unsure' } });
      expect(steps.filter(({ summary }) => summary.includes('was not completed'))).toHaveLength(1);
      expect(compared).toBe(1);
    },
  );

  it('is not compared again by an attempt that goes on, and its tokens stay counted', async () => {
    const model = comparing(['7', '9'], (first) => (first === '9' ? 'A' : 'B'));
    const whole = await run(model);
    const finishedSteps = whole.steps.filter(({ phase }) => phase !== 'answer');
    const silent = comparing([], () => 'never asked');
    const resumed = await runStrategy('self-consistency', {
      model: silent,
      checks: [],
      table: { ...table, compare: true },
      effective: { samples: 2 },
      finishedSteps,
    });
    expect(resumed.answer).toBe('The answer is 9.');
    expect(resumed.outcome.usage.discarded).toBe(whole.outcome.usage.discarded);
  });

  it('shows the model the question, both answers and the last lines of their reasoning', async () => {
    const prompts: string[] = [];
    const model = createTestModel({
      script(request, sample) {
        const asked = request.prompt.messages.at(-1)?.content ?? '';
        if (asked.includes('Answer A:')) prompts.push(asked);
        const said = sample === 0 ? '7' : '9';
        return { thought: `one\ntwo\nthree\nIt is ${said}.`, answer: `The answer is ${said}.` };
      },
    });
    await run(model);
    expect(prompts).toHaveLength(2);
    expect(prompts[0]).toMatch(/two\nthree\nIt is [79]\./);
    expect(prompts[0]).not.toContain('one\ntwo');
  });
});

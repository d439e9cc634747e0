import { describe, expect, it } from 'vitest';
import type { EffortLevel, EffortTable } from '../../../src/contracts/service/effort-table.ts';
import type { GenerateRequest } from '../../../src/core/language-model.ts';
import { readEffortTable } from '../../../src/models/config/effort-tables.ts';
import { createTestModel, type Script } from '../../support/scripted-model.ts';
import { runStrategy, table } from '../../support/strategy-run.ts';

const says = (answer: string, tokens = 12): Script => ({
  thought: `${'so '.repeat(Math.max(0, tokens - 5))}\nThe answer is ${answer}.`,
  answer: `The answer is ${answer}.`,
});
/** Chains in order of their start; the last goes on. */
const createChains = (scripts: readonly Script[], more: Partial<Parameters<typeof createTestModel>[0]> = {}) => {
  let next = 0;
  return createTestModel({
    ...more,
    script: (request: GenerateRequest) =>
      request.thinking === undefined ? { answer: 'None.' } : (scripts[next++] ?? scripts.at(-1) ?? says('1')),
  });
};
const sampled = { ...table, greedy_first: false };
const withLevel = (changes: Partial<EffortLevel>, base: EffortTable = sampled): EffortTable => ({
  ...base,
  levels: { ...base.levels, high: { ...base.levels.high, ...changes } },
});
/** All but its table's. */
const question = 'How many are there?';

describe('a chain at the model’s own pace', () => {
  const thinking = readEffortTable('any', undefined, 'qwen3');
  const levels = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
  /** Budgets and chains are a tenth of the real ones: what fits is the same, and there are fewer tokens to go through. */
  const scale = 10;
  /** Chains that were run whole, and that were cut, where no two agree. */
  const ran = async (natural: number, effort: (typeof levels)[number]) => {
    let value = 0;
    const model = createTestModel({
      script() {
        value += 1;
        return says(String(value), natural / scale);
      },
    });
    const { samples } = thinking.levels[effort];
    const budget_tokens = Math.floor(thinking.levels[effort].budget_tokens / scale);
    const run = await runStrategy('deliberate', {
      model: { ...model, contextLength: 200_000 },
      table: { ...thinking, natural_tokens: natural / scale },
      question,
      checks: [],
      answer: { maxTokens: 32 },
      effective: { effort, budget_tokens, samples, max_revisions: 0 },
    });
    const chains = run.steps.filter(({ phase }) => phase === 'think');
    expect(run.thinking).toBeLessThanOrEqual(budget_tokens);
    expect(run.answer).toMatch(/^The answer is \d+\.$/);
    return [
      chains.filter(({ stop_reason }) => stop_reason === 'natural').length,
      chains.filter(({ stop_reason }) => stop_reason !== 'natural').length,
    ];
  };

  // The table of docs/concepts.md.
  it.each([
    [1_500, [1, 3, 5, 8, 16]],
    [3_000, [1, 3, 5, 8, 16]],
    [6_000, [1, 2, 5, 8, 16]],
    [12_000, [0, 1, 2, 4, 8]],
  ])('is whole at every level that holds it: %i tokens', { timeout: 60_000 }, async (natural, whole) => {
    const found: Array<number[] | undefined> = [];
    for (const effort of levels) found.push(await ran(natural, effort));
    // Only a chain that is longer than the whole budget is cut.
    expect(found).toEqual(whole.map((chains) => [chains, chains === 0 ? 1 : 0]));
  });

  it('is drawn as the model’s makers want it, unless the request says otherwise', async () => {
    const own = { ...sampled, own_sampling: true };
    const drawnAt = async (given: object) => {
      const model = createChains([says('1')]);
      await runStrategy('deliberate', { model, question, effective: { samples: 1 }, ...given });
      return model.requests[0]?.sampling.temperature;
    };
    expect(await drawnAt({ table: own })).toBeUndefined();
    expect(await drawnAt({ table: sampled })).toBe(0.8);
    expect(await drawnAt({ table: own, sampling: { temperature: 0.3 } })).toBe(0.3);
    // Greedy where calibration found that better, but not against a wish.
    expect(await drawnAt({ table })).toBe(0);
    expect(await drawnAt({ table, sampling: { temperature: 0.3 } })).toBe(0.3);
  });

  it('is greedy at temperature 0, and further ones are drawn, with a warning', async () => {
    const run = async (scripts: Script[], samples = 3) => {
      const model = createChains(scripts);
      const given = { model, question, table: { ...sampled, own_sampling: true }, sampling: { temperature: 0 } };
      const { outcome } = await runStrategy('deliberate', { ...given, effective: { samples } });
      return { outcome, drawn: model.requests.map(({ sampling }) => sampling.temperature) };
    };
    const further = await run([says('1'), says('2'), says('1')]);
    expect(further.drawn).toEqual([0, 0.8]);
    expect(further.outcome.warnings).toEqual([
      {
        field: 'temperature',
        message: 'At temperature 0 all chains would be the same: the first was greedy, the others were sampled at 0.8.',
      },
    ]);
    const alone = await run([says('1')], 1);
    expect(alone.outcome.warnings).toEqual([]);
  });

  it('is dropped where the budget cuts it and another has ended', async () => {
    const model = createChains([says('1', 20), says('2', 500)], { batched: true });
    const given = { model, question, table: withLevel({ wave: 2 }), effective: { budget_tokens: 100 } };
    const run = await runStrategy('deliberate', given);
    const chains = run.steps.filter(({ phase }) => phase === 'think');
    expect(chains.map(({ stop_reason, answer_text }) => [stop_reason, answer_text])).toEqual([
      ['natural', 'The answer is 1.'],
      ['budget', undefined],
    ]);
    expect(run).toMatchObject({ answer: 'The answer is 1.', thinking: 100, outcome: { thinkingStop: 'budget' } });
  });

  it('is handed over where no other has ended', async () => {
    const model = createChains([says('1', 500), says('2', 500)], { batched: true });
    const given = { model, question, table: withLevel({ wave: 2 }), effective: { budget_tokens: 100 } };
    const run = await runStrategy('deliberate', given);
    expect(run.answer).toMatch(/^The answer is/);
    expect(run).toMatchObject({ thinking: 100, outcome: { thinkingStop: 'budget' } });
  });
});

describe('chains side by side', () => {
  it.each([
    [undefined, 3],
    [2, 2],
    [1, 1],
  ])('start together as far as %s sequences pay', async (sequences, most) => {
    const model = createChains([says('1'), says('2'), says('3')], { batched: true });
    const table = { ...withLevel({ samples: 3, agree: 3, wave: 3 }), ...(sequences && { sequences }) };
    await runStrategy('deliberate', { model, question, table, effective: { samples: 3 } });
    expect(Math.max(...model.requests.map(({ samples }) => samples))).toBe(most);
  });

  it('are stopped within a step as soon as enough agree', async () => {
    let steps = 0;
    const model = createChains([says('1', 20), says('1', 30), says('2', 300)], {
      onStep: () => {
        steps += 1;
      },
    });
    const given = { model, question, table: withLevel({ samples: 3, agree: 2, wave: 3 }), effective: { samples: 3 } };
    const run = await runStrategy('deliberate', given);
    expect(run.outcome.thinkingStop).toBe('settled_vote');
    const stopped = run.steps.find(({ stop_reason }) => stop_reason === 'settled_vote');
    // Three rows went on for as long as the second took, with its answer: 30 and 4 tokens, and the ends of both.
    expect(stopped?.tokens).toBeLessThanOrEqual(36);
    expect(steps).toBeLessThanOrEqual(27 + 2 * 37);
  });

  it('give the first that agree for far fewer tokens than all would take, where a few are very long', async () => {
    // Lengths of a heavy tail: one in five is ten times as long.
    const lengths = [20, 24, 18, 240, 26, 22, 19, 25, 230, 21];
    const spent = async (options: Record<string, unknown>) => {
      let at = 0;
      let tokens = 0;
      for (let round = 0; round < 4; round += 1) {
        const model = createTestModel({ script: () => says('1', lengths[at++ % lengths.length]) });
        const table = withLevel({ samples: 5, agree: 3, wave: 5 });
        const effective = { samples: 5, budget_tokens: 4_000 };
        const run = await runStrategy('self-consistency', { model, question, table, effective, options });
        expect(run.answer).toBe('The answer is 1.');
        tokens += run.thinking;
      }
      return tokens;
    };
    const [first, all] = [await spent({}), await spent({ adaptive: false })];
    expect(first).toBeLessThan(0.75 * all);
  });

  it('are stopped where those that are left can at best make a tie', async () => {
    const scripts = [says('1', 20), says('2', 30), says('1', 40), says('3', 50), says('2', 300)];
    const five = { question, table: withLevel({ samples: 5, agree: 3, wave: 5 }), effective: { samples: 5 } };
    const run = await runStrategy('deliberate', { ...five, model: createChains(scripts) });
    expect(run.answer).toBe('The answer is 1.');
    expect(run.outcome).toMatchObject({
      thinkingStop: 'settled_vote',
      verdict: { kind: 'agreed', agreement: { agree: 2, of: 4 } },
    });
    expect(run.steps.find(({ sample }) => sample === 4)).toMatchObject({ stop_reason: 'settled_vote' });
    // Two left might outvote it.
    const open = await runStrategy('deliberate', {
      ...five,
      model: createChains([says('1', 20), says('2', 30), says('1', 40), says('2', 50), says('2', 60)]),
    });
    expect(open.answer).toBe('The answer is 2.');
  });

  it('all think where one of them may still be revised to another answer', async () => {
    const wrong: Script = { thought: '2 + 2 = 5.\nThe answer is 5.', answer: 'The answer is 5.' };
    const model = createChains([says('1', 20), says('2', 30), says('1', 40), wrong, says('2', 90)]);
    const table = withLevel({ samples: 5, agree: 3, wave: 5 });
    const run = await runStrategy('deliberate', {
      model,
      question,
      table,
      effective: { samples: 5 },
      checks: [{ type: 'arithmetic' }],
    });
    expect(run.steps.find(({ sample }) => sample === 4)).toMatchObject({ stop_reason: 'natural' });
  });

  it('say why an answer with fewer votes leads', async () => {
    const wrong: Script = { thought: '2 + 2 = 5.\nThe answer is 5.', answer: 'The answer is 5.' };
    const model = createChains([wrong, wrong, says('4')]);
    const { steps } = await runStrategy('deliberate', {
      model,
      question,
      table: sampled,
      effective: { samples: 3, max_revisions: 0 },
      checks: [{ type: 'arithmetic' }],
    });
    const because =
      '4 leads the vote with 1 of 3 votes. A check found wrong steps in the chains that answered 5, so their 2 votes count less.';
    expect(steps.findLast(({ phase }) => phase === 'vote')).toMatchObject({ because });
  });

  it('are one at a time where the model takes no more', async () => {
    const model = createChains([says('1'), says('2'), says('3')], { capabilities: { batching: false } });
    await runStrategy('deliberate', { model, question, table: sampled, effective: { samples: 3 } });
    expect(model.requests.map(({ samples }) => samples)).toEqual([1, 1, 1]);
  });

  it('leave a tie to the shortest thought, where none is greedy', async () => {
    const model = createChains([says('1', 30), says('2', 14), says('3', 22)]);
    const run = await runStrategy('deliberate', { model, question, table: sampled, effective: { samples: 3 } });
    expect(run.answer).toBe('The answer is 2.');
  });

  it('never think beyond the budget together', async () => {
    for (const budget of [60, 97, 150, 211]) {
      const model = createChains([says('1', 40), says('2', 70), says('3', 55)], { batched: true });
      const given = { model, question, table: withLevel({ wave: 3 }), effective: { budget_tokens: budget } };
      await runStrategy('deliberate', given);
      expect(model.sampled()).toBeLessThanOrEqual(budget);
    }
  });
});

describe('a caller’s check', () => {
  const url = 'https://example.com/check';
  const passes = (right: string) => async (_: string, body: unknown) => ({
    verdict: JSON.stringify(body).includes(`is ${right}.`) ? 'pass' : 'fail',
    detail: `it is not ${right}`,
  });
  const three = withLevel({ samples: 3, agree: 3, wave: 3 });
  const effective = { samples: 3, max_revisions: 0 };

  it.each([
    ['expected', { type: 'expected', value: 2 }],
    ['webhook', { type: 'webhook', url }],
  ])('that confirms is asked of each candidate as it ends; the first that passes ends it: %s', async (_, check) => {
    const model = createChains([says('1', 14), says('2', 20), says('2', 300)]);
    const given = { model, question, table: three, effective, checks: [check] };
    const run = await runStrategy('deliberate', given, { postCheck: passes('2') });
    expect(run.outcome).toMatchObject({ thinkingStop: 'confident', verdict: { kind: 'verified' } });
    expect(run.answer).toBe('The answer is 2.');
    expect(run.steps.find(({ sample }) => sample === 2)).toMatchObject({ stop_reason: 'settled_vote' });
  });

  it('that confirms ends it also where a line of the thought is wrong', async () => {
    const model = createTestModel({ script: () => ({ ...says('4'), thought: '2 + 2 = 5.\nThe answer is 4.' }) });
    const checks = [{ type: 'arithmetic' }, { type: 'expected', value: 4 }];
    const run = await runStrategy('deliberate', { model, question, table: sampled, effective: { samples: 3 }, checks });
    expect(run.outcome).toMatchObject({ thinkingStop: 'confident', verdict: { kind: 'verified' } });
    expect(model.requests).toHaveLength(1);
  });

  it('that confirms one answer chooses it before another that the server said nothing of', async () => {
    const model = createChains([says('1', 14), says('2', 20), says('3')]);
    const postCheck = async (_: string, body: unknown) => ({
      verdict: JSON.stringify(body).includes('is 2.') ? 'pass' : 'abstain',
    });
    const given = { model, question, table: three, effective, checks: [{ type: 'webhook', url }] };
    const run = await runStrategy('deliberate', given, { postCheck });
    expect(run.outcome).toMatchObject({ thinkingStop: 'confident', verdict: { kind: 'verified' } });
    expect(run.answer).toBe('The answer is 2.');
  });

  it('that confirms the revision of one chain ends it: no other is revised', async () => {
    const model = createTestModel({
      capabilities: { rollback: false },
      script: ({ prompt }) => (prompt.messages.length > 1 ? says('2') : says('1')),
    });
    const given = { model, question, table: withLevel({ samples: 2, wave: 2 }), effective: { samples: 2 } };
    const run = await runStrategy('deliberate', { ...given, checks: [{ type: 'expected', value: 2 }] });
    expect(run.steps.filter(({ phase }) => phase === 'revise').map(({ sample }) => sample)).toEqual([0]);
    expect(run.outcome).toMatchObject({ thinkingStop: 'confident', verdict: { kind: 'verified' } });
  });

  it('that fails tells the next chain why', async () => {
    const model = createTestModel({
      script: ({ prompt }) => (prompt.messages.length > 1 ? says('2') : says('1')),
    });
    const given = { model, question, table: sampled, effective: { samples: 1, max_revisions: 1 } };
    const check = { type: 'webhook', url };
    const run = await runStrategy('deliberate', { ...given, checks: [check] }, { postCheck: passes('2') });
    expect(model.requests.at(-1)?.prompt.messages.at(-1)?.content).toContain('1 is not right');
    expect(run.outcome).toMatchObject({ answerSource: 'revision', verdict: { kind: 'verified' } });
  });

  it('of its form filters, and ends nothing', async () => {
    const model = createChains([says('1'), says('2'), says('1')]);
    const given = { model, question, table: sampled, effective, checks: [{ type: 'regex', pattern: 'answer' }] };
    const run = await runStrategy('deliberate', given);
    expect(run.steps.filter(({ phase }) => phase === 'think')).toHaveLength(3);
    expect(run.outcome.verdict?.kind).not.toBe('verified');
  });

  it('tells answers in words apart: chains are drawn until one passes', async () => {
    const poem = (first: string): Script => ({ thought: 'I rhyme.', answer: `${first} is blue and wide.` });
    const model = createChains([poem('The sky'), poem('The ice'), poem('The sea')]);
    const asked = { question: 'Write a poem about the sea.', table: withLevel({ wave: 1 }), effective };
    const checks = [{ type: 'regex', pattern: 'sea' }];
    const run = await runStrategy('deliberate', { model, ...asked, checks });
    expect(run.answer).toBe('The sea is blue and wide.');
    const free = createChains([poem('The sky'), poem('The sea')]);
    expect((await runStrategy('deliberate', { model: free, ...asked, checks: [] })).answer).toContain('The sky');
  });

  it('is not asked again by an attempt that comes after', async () => {
    const asked: unknown[] = [];
    const postCheck = async (_: string, body: unknown) => {
      asked.push(body);
      return { verdict: 'fail' };
    };
    const given = { question, table: sampled, effective, checks: [{ type: 'webhook', url }] };
    const first = await runStrategy('deliberate', { ...given, model: createChains([says('1')]) }, { postCheck });
    expect(asked).toHaveLength(1);
    const finishedSteps = first.steps.filter(({ phase }) => phase !== 'answer');
    const again = createChains([says('1')]);
    const run = await runStrategy('deliberate', { ...given, model: again, finishedSteps }, { postCheck });
    expect([asked.length, again.requests.length]).toEqual([1, 0]);
    expect(run.outcome.verdict?.kind).toBe('unsure');
  });
});

describe('a revision', () => {
  it('that fails as well takes its chain’s place only if another chain agrees with it', async () => {
    // The second chain says 3 and holds; the first is revised from 1 to 3, with a wrong line in it.
    const wrong = (answer: string, line: string): Script => ({
      thought: `${line}\nThe answer is ${answer}.`,
      answer: `The answer is ${answer}.`,
    });
    const answerOf = async (other: string) => {
      let chains = 0;
      const model = createTestModel({
        capabilities: { rollback: false },
        script({ prompt }) {
          if (prompt.messages.length > 1) return wrong('3', '2 + 2 = 5.');
          chains += 1;
          return chains === 1 ? wrong('1', '2 + 2 = 6.') : says(other);
        },
      });
      const effective = { samples: 2, max_revisions: 1 };
      const level = withLevel({ samples: 2, agree: 3, wave: 2 });
      const run = await runStrategy('deliberate', { model, question, table: level, effective });
      return run.steps.filter(({ phase }) => phase === 'vote').at(-1)?.tally;
    };
    expect(await answerOf('3')).toEqual([{ answer: '3', ballots: 2 }]);
    expect(await answerOf('7')).toEqual([
      { answer: '7', ballots: 1 },
      { answer: '1', ballots: 1 },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import type { GenerateRequest } from '../../../src/core/language-model.ts';
import { createTestModel, type Script, tokens } from '../../support/scripted-model.ts';
import { prompts, runStrategy } from '../../support/strategy-run.ts';

const chain = (answer: string, line = '2 + 2 = 4.'): Script => ({
  thought: `${line}\nSo the answer is ${answer}.`,
  answer: `The answer is ${answer}.`,
});
/** So that the line is found by search. */
const searches = { without: ['repair'] };
const isDraft = (request: GenerateRequest) => request.thinking === undefined;
const isGreedy = (request: GenerateRequest) => request.sampling.temperature === 0;
/** A greedy chain, then samples in order of their start. */
function createChains(greedy: Script, samples: Script[]) {
  let next = 0;
  return createTestModel({
    script(request) {
      if (isGreedy(request)) return greedy;
      return samples[next++ % samples.length] ?? greedy;
    },
  });
}

describe('deliberate', () => {
  it('thinks in waves, votes, and replays the winning chain’s own text', async () => {
    const model = createChains(chain('5', 'Hm.'), [
      chain('4', 'Hm.'),
      chain('3', 'Hm.'),
      chain('9', 'Hm.'),
      chain('4', 'Hm.'),
    ]);
    const run = await runStrategy('deliberate', { model });
    expect(model.requests.map((request) => request.samples)).toEqual([1, 2, 2, 2]);
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome).toMatchObject({ thinkingStop: 'settled_vote', answerSource: 'vote' });
    expect(run.steps.filter((step) => step.phase === 'vote').at(-1)?.tally?.[0]).toMatchObject({
      answer: '4',
      ballots: 3,
    });
  });

  it('stops when enough chains agree', async () => {
    const model = createChains(chain('4', 'Hm.'), [chain('4', 'Hm.')]);
    const run = await runStrategy('deliberate', { model });
    expect(run.outcome.thinkingStop).toBe('settled_vote');
    expect(model.requests.map(({ samples }) => samples)).toEqual([1, 2]);
  });

  it('ends after the greedy chain when a check confirms its value', async () => {
    const model = createChains(chain('4'), [chain('5')]);
    const run = await runStrategy('deliberate', { model, checks: [{ type: 'expected', value: 4 }] });
    expect(run.outcome.thinkingStop).toBe('confident');
    expect(model.requests).toHaveLength(1);
    expect(run.answer).toBe('The answer is 4.');
  });

  it('rolls back to behind the wrong line, feeds the correction, finds the line anew, and goes on', async () => {
    const model = createTestModel({
      script(request, sample) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        const known = request.thinking?.prefix?.map((segment) => segment.text).join('');
        if (known === undefined)
          return { thought: 'First.\n2 + 2 = 5.\nSo the answer is 5.', answer: 'The answer is 5.' };
        if (known.endsWith('2 + 2 = 4.\n')) return { thought: 'So the answer is 4.', answer: 'The answer is 4.' };
        return { thought: `2 + 2 = ${sample === 2 ? 4 : 6}.\nAnd so on.`, answer: '?' };
      },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 }, options: searches });
    const known = model.requests.map((request) => request.thinking?.prefix ?? []);
    const corrected = 'First.\n2 + 2 = 5.\nWait, 5 is wrong. I do that step again.\n';
    expect(known.map((prefix) => prefix.map((segment) => segment.text).join(''))).toEqual([
      '',
      corrected,
      `${corrected}2 + 2 = 4.\n`,
    ]);
    expect(model.requests[1]?.samples).toBe(4);
    expect(known[1]?.slice(0, -1).every((segment) => segment.tokenIds !== undefined)).toBe(true);
    expect(known[1]?.at(-1)?.fed).toBe(true);
    expect(known[2]?.some((segment) => segment.fed)).toBe(false);
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome.answerSource).toBe('revision');
    expect(run.steps.find((step) => step.phase === 'think')?.checks).toContainEqual(
      expect.objectContaining({ verdict: 'fail', line: 1, wrong: '5' }),
    );
    const revised = run.steps.filter((step) => step.phase === 'revise');
    expect(revised.map((step) => [step.because, step.answer])).toEqual([
      ['arithmetic: 2 + 2 is not 5', null],
      ['arithmetic: 2 + 2 is not 5', '4'],
    ]);
    expect(run.outcome.usage.revise).toBeGreaterThan(0);
    expect(run.outcome.usage.forced).toBeGreaterThan(0);
  });

  it('puts what the check knows in the wrong line, without a search, and goes on', async () => {
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        const known = request.thinking?.prefix?.map((segment) => segment.text).join('');
        return known === undefined
          ? { thought: 'First.\n2 + 2 = 5, so it is.\nSo the answer is 5.', answer: 'The answer is 5.' }
          : { thought: ', so it is.\nSo the answer is 4.', answer: 'The answer is 4.' };
      },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 } });
    expect(model.requests).toHaveLength(2);
    const prefix = model.requests[1]?.thinking?.prefix ?? [];
    expect(prefix.map((segment) => segment.text).join('')).toBe('First.\n2 + 2 = 4');
    expect(prefix.at(-1)).toEqual({ text: '2 + 2 = 4', fed: true });
    const revised = run.steps.find((step) => step.phase === 'revise');
    expect(revised?.because).toBe('arithmetic: 2 + 2 is not 5');
    expect(revised?.text).toContain('2 + 2 = 4, so it is.');
    expect(run.answer).toBe('The answer is 4.');
    expect(run.outcome.usage.forced).toBeGreaterThan(0);
  });

  const wrongAt5 = { thought: '2 + 2 = 5.\nSo the answer is 5.', answer: 'The answer is 5.' };

  it('draws where the same revision by greed was dropped', async () => {
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        if (request.thinking?.prefix === undefined) return wrongAt5;
        return isGreedy(request)
          ? { thought: '.', answer: ' ' }
          : { thought: '.\nSo the answer is 4.', answer: 'The answer is 4.' };
      },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 } });
    expect(model.requests.slice(1).map(({ sampling }) => sampling.temperature)).toEqual([0, 0.8]);
    expect(run.answer).toBe('The answer is 4.');
  });

  const longLine = (words: number, answer = '4') => ({
    effective: { samples: 1, budget_tokens: 120 },
    model: createTestModel({
      script: ({ thinking }) => ({
        thought: `${'so '.repeat(words)}2 + 2 = 5.\nOn.`,
        closes: thinking?.prefix === undefined,
        answer,
      }),
    }),
  });

  it('feeds no more than the answer’s reserve would hold', async () => {
    const run = longLine(31);
    await runStrategy('deliberate', run);
    expect(run.model.requests[1]?.thinking?.prefix?.at(-1)?.text).toContain('Wait, 5 is wrong.');
  });

  it('keeps what it feeds within max_output_tokens', async () => {
    let most = 0;
    for (let maxOutputTokens = 240; maxOutputTokens <= 340; maxOutputTokens += 10) {
      const run = longLine(24, '4 '.repeat(64));
      const { output } = await runStrategy('deliberate', { ...run, maxOutputTokens, answer: { maxTokens: 64 } });
      expect(output).toBeLessThanOrEqual(maxOutputTokens);
      most = Math.max(most, run.model.requests.length);
    }
    expect(most).toBeGreaterThan(1);
  });

  it('puts no proof right: where it fails, what it proves is wrong', async () => {
    const model = createTestModel({
      script: (request) =>
        isDraft(request)
          ? { answer: 'The answer is 9.' }
          : {
              thought: '603 - 193 is 419.\nCheck: 419 + 193 = 603.\nSo the answer is 419.',
              answer: 'The answer is 419.',
            },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 } });
    expect(model.requests).toHaveLength(1);
    expect(run.steps.some((step) => step.phase === 'revise')).toBe(false);
  });

  it('goes back to before the wrong line, hotter, where the correction brings the same again', async () => {
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        const hot = request.sampling.temperature === 1;
        const known = request.thinking?.prefix?.map((segment) => segment.text).join('');
        if (known?.includes('2 + 2 = 4.')) return { thought: 'So the answer is 4.', answer: 'The answer is 4.' };
        return { thought: `2 + 2 = ${hot ? 4 : 5}.\nSo the answer is 5.`, answer: 'The answer is 5.' };
      },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 }, options: searches });
    expect(model.requests.at(-2)?.sampling.temperature).toBe(1);
    expect(
      model.requests
        .at(-1)
        ?.thinking?.prefix?.map((segment) => segment.text)
        .join(''),
    ).toBe('2 + 2 = 4.\n');
    expect(run.answer).toBe('The answer is 4.');
  });

  it('counts what the rows of a search report at their end, where their text has no token ids', async () => {
    const wrong = '2 + 2 = 6.';
    const scripted = createTestModel({
      script(request, sample) {
        const known = request.thinking?.prefix?.map((segment) => segment.text).join('');
        if (known === undefined) return chain('5', '2 + 2 = 5.');
        if (known.includes('2 + 2 = 4')) return { thought: 'So the answer is 4.', answer: 'The answer is 4.' };
        const right = '2 + 2 = 4, which is what I wanted to have in this very place.\nAnd so on.';
        return { thought: sample === 0 ? wrong : right, answer: '?' };
      },
    });
    const model: typeof scripted = {
      ...scripted,
      async *generate(request, options) {
        for await (const event of scripted.generate(request, options)) {
          yield event.type === 'thinking-delta' || event.type === 'answer-delta' ? { ...event, tokenIds: [] } : event;
        }
      },
    };
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 }, options: searches });
    expect(run.steps.find((step) => step.stop_reason === 'line')?.usage?.thinking).toBe(tokens(wrong).length);
    expect(run.answer).toBe('The answer is 4.');
  });

  it('gives a chain up whose line won’t come right', async () => {
    const model = createTestModel({
      script: (request) => (isDraft(request) ? { answer: '9' } : chain('5', '2 + 2 = 5.')),
    });
    await runStrategy('deliberate', { model, effective: { samples: 1, max_revisions: 5 }, options: searches });
    // The chain, and the two searches for its line.
    expect(model.requests).toHaveLength(3);
  });

  it('takes no line that evades: one that no check can read holds nothing', async () => {
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: '9' };
        const searched = request.thinking?.prefix !== undefined;
        return searched ? chain('5', 'Let us say that it is 5.') : chain('5', '2 + 2 = 5.');
      },
    });
    await runStrategy('deliberate', { model, effective: { samples: 1, max_revisions: 5 }, options: searches });
    expect(model.requests).toHaveLength(3);
  });

  it('does not tell what failed where that does not fit beside another answer', async () => {
    const small = createTestModel({
      capabilities: { rollback: false },
      script: (request) => (isDraft(request) ? { answer: 'The answer is 9.' } : chain('5', '2 + 2 = 5.')),
    });
    const model = { ...small, contextLength: 40 };
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 } });
    expect(run.steps.map(({ phase }) => phase)).not.toContain('revise');
    expect(run.answer).toBe('The answer is 5.');
  });

  it.each([
    ['of all attempts', { type: 'expected', value: '43' }, [{ field: 'output' }]],
    ['of the draft alone', { type: 'expected', value: '4' }, []],
  ])('says where a check failed %s', async (_, check, warnings) => {
    const script = (request: GenerateRequest) => (isDraft(request) ? { answer: 'The answer is 5.' } : chain('4'));
    const model = createTestModel({ script });
    const run = await runStrategy('deliberate', { model, checks: [check], deadlineAt: 100_000 });
    expect(run.outcome.warnings).toMatchObject(warnings);
    expect(run.outcome.warnings).toHaveLength(warnings.length);
  });

  it('puts nothing right where the service computes in the thought', async () => {
    const script = (request: GenerateRequest) => (isDraft(request) ? { answer: '9' } : chain('5', '2 + 2 = 5.'));
    const fed = async (compute: 'on' | 'off') => {
      const model = createTestModel({ script, capabilities: { compute: true } });
      await runStrategy('deliberate', { model, effective: { samples: 1, compute } });
      return model.requests[1]?.thinking?.prefix?.at(-1)?.text;
    };
    expect(await fed('off')).toBe('2 + 2 = 4');
    expect(await fed('on')).toContain('Wait, 5 is wrong.');
  });

  it('says that a model wrote no thought', async () => {
    const answer = { answer: 'The answer is 4.' };
    const warned = async (script: (request: GenerateRequest) => Script) =>
      (await runStrategy('deliberate', { model: createTestModel({ script }) })).outcome.warnings;
    expect(await warned(() => answer)).toMatchObject([{ field: 'reasoning.effort' }]);
    expect(await warned((request) => (isDraft(request) ? answer : chain('4')))).toEqual([]);
  });

  it('drafts only where the request has a deadline, with all that its answer may have', async () => {
    const long = Array.from({ length: 90 }, (_, index) => `word${index}`).join(' ');
    const script = (request: GenerateRequest) => (isDraft(request) ? { answer: long } : chain('4'));
    const answer = { maxTokens: 200, reserve: 100 };
    const runs = [{}, { deadlineAt: 100_000 }].map((given) =>
      runStrategy('deliberate', { model: createTestModel({ script }), effective: { samples: 1 }, answer, ...given }),
    );
    const [free, hurried] = await Promise.all(runs);
    expect(free?.steps.map(({ phase }) => phase)).not.toContain('draft');
    expect(hurried?.steps[0]).toMatchObject({ phase: 'draft', tokens: 90, stop_reason: 'stop' });
    expect(hurried?.answer).toBe('The answer is 4.');
  });

  it('gives chains beside an answer that can be voted on the reserve for theirs, so that one that rambles costs no more', async () => {
    const ramble = Array.from({ length: 90 }, (_, index) => `word${index}`).join(' ');
    const model = createTestModel({
      script(request, sample) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        return request.samples > 1 && sample === 0 ? { thought: 'An open request.', answer: ramble } : chain('4');
      },
    });
    const run = await runStrategy('deliberate', { model, answer: { maxTokens: 200 }, effective: { samples: 3 } });
    const [first, ...others] = model.requests.filter((request) => !isDraft(request));
    expect(first?.answer.maxTokens).toBe(200);
    expect(others.map((request) => request.answer.maxTokens)).toEqual(others.map(() => 32));
    expect(others.length).toBeGreaterThan(0);
    expect(run.answer).toBe('The answer is 4.');
  });

  it('tells a model that can’t roll back what failed, in its family’s words', async () => {
    const model = createTestModel({
      capabilities: { rollback: false },
      script(request) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        return request.prompt.messages.length > 1 ? chain('4') : chain('5', '2 + 2 = 5.');
      },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1 } });
    expect(model.requests[1]?.prompt.messages.slice(1)).toEqual([
      { role: 'assistant', content: 'The answer is 5.' },
      {
        role: 'user',
        content: 'A check of your answer failed: 5 is not right. Think again and give the right answer.',
      },
    ]);
    expect(run.steps.find((step) => step.phase === 'revise')?.prompt?.file).toBe('thinkfirst/revise.txt');
    expect(run.answer).toBe('The answer is 4.');
  });

  it.each([
    { options: {}, reason: '2 + 2 is not 5. Right is: So 2 + 2 = 4.' },
    { options: { without: ['repair'] }, reason: '2 + 2 is not 5.' },
  ])('tells it what is right where the check knows, with $options', async ({ options, reason }) => {
    const model = createTestModel({
      capabilities: { rollback: false, family: 'plain' },
      script(request) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        return request.prompt.messages.length > 1 ? chain('4') : chain('5', '1 + 1 = 2.\nSo 2 + 2 = 5, then.');
      },
    });
    await runStrategy('deliberate', { model, effective: { samples: 1 }, options });
    expect(model.requests[1]?.prompt.messages.at(-1)?.content).toBe(
      `A check of your answer failed: 5 is not right. ${reason}\nThink again, find the mistake, and give the right answer.`,
    );
  });

  it('names the prompt of the model’s own verdict on the step that asked for it', async () => {
    const given = { effective: { samples: 1 }, checks: [{ type: 'self-verdict', pass_above: 0 }] };
    const scores = (continuation: string) => (continuation === 'Yes.' ? 1 : -1);
    const model = createTestModel({ script: () => chain('4'), scores });
    const run = await runStrategy('deliberate', { ...given, model });
    const file = prompts.fill('verdict', { question: '', answer: '' }, 'thinkfirst').version;
    expect(run.steps.find((step) => step.phase === 'check')).toMatchObject({
      prompt: file,
      checks: [{ name: 'self-verdict', verdict: 'pass' }],
    });
    const unscored = await runStrategy('deliberate', {
      ...given,
      model: createTestModel({ script: () => chain('4') }),
    });
    expect(unscored.steps.find((step) => step.phase === 'check')?.prompt).toBeNull();
  });

  it('drops a revision that fails worse', async () => {
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: 'The answer is 9.' };
        if (request.thinking?.prefix === undefined) return chain('5', '2 + 2 = 5.');
        return { thought: '2 + 2 = 4.\nSo the answer is 6.', answer: 'The answer is 8.' };
      },
    });
    const run = await runStrategy('deliberate', { model, effective: { samples: 1, max_revisions: 1 } });
    expect(run.answer).toBe('The answer is 5.');
  });

  describe('a revision with more wrong lines', () => {
    const revised = { thought: '\n3 + 3 = 7.\n4 + 4 = 9.\nSo the answer is 9.', answer: 'The answer is 9.' };
    const createRevised = () =>
      createTestModel({
        script(request) {
          if (isDraft(request)) return { answer: 'The answer is 3.' };
          const prefix = request.thinking?.prefix?.map((segment) => segment.text).join('') ?? '';
          if (prefix === '') return chain('5', '2 + 2 = 5.');
          if (prefix.includes('3 + 3 = 6')) return { ...chain('6', '\n2 + 4 = 6.') };
          return revised;
        },
      });

    it('does not take the place of what it revises', async () => {
      const effective = { samples: 1, max_revisions: 1 };
      const run = await runStrategy('deliberate', { model: createRevised(), effective });
      expect(run.steps.find((step) => step.phase === 'revise')?.answer).toBe('9');
      expect(run.answer).toBe('The answer is 5.');
    });

    it('is gone on from where it is right for longer', async () => {
      const effective = { samples: 1, max_revisions: 2 };
      const run = await runStrategy('deliberate', { model: createRevised(), effective });
      expect(run.answer).toBe('The answer is 6.');
      expect(run.outcome.answerSource).toBe('revision');
    });
  });

  it('revises no more often than the effort allows', async () => {
    let line = 0;
    const model = createTestModel({
      script(request) {
        if (isDraft(request)) return { answer: '9' };
        if (request.thinking?.prefix === undefined) return chain('5', '2 + 2 = 5.');
        line += 1;
        return request.samples > 1
          ? { thought: `${line} + 0 = ${line}.\nMore.`, answer: '?' }
          : chain('5', '2 + 3 = 6.');
      },
    });
    await runStrategy('deliberate', { model, effective: { samples: 1, max_revisions: 2 } });
    const goesOn = model.requests.filter((request) => request.thinking?.prefix !== undefined && request.samples === 1);
    expect(goesOn).toHaveLength(2);
  });

  it.each([
    ['after the greedy one and a sampled one gave it again', ['5', '5'], 3],
    ['where it was the answer of an earlier revision', ['6', '7', '6'], 4],
    ['and goes on where each answer is a new one', ['6', '7', '8', '9', '4'], 6],
  ])('ends revising at an answer that a check has found wrong already: %s', async (_, answers, requests) => {
    let revisions = 0;
    const model = createTestModel({
      script: ({ prompt }) => chain(prompt.messages.length > 1 ? (answers[revisions++] ?? '?') : '5', 'Hm.'),
    });
    const effective = { samples: 1, max_revisions: 5, budget_tokens: 4000 };
    await runStrategy('verify-and-revise', { model, effective, checks: [{ type: 'expected', value: 4 }] });
    expect(model.requests).toHaveLength(requests);
  });

  it('ends revising where the same answer in words fails its check again', async () => {
    const answer = 'The harbour was quiet.';
    const model = createTestModel({ script: () => ({ thought: 'Hm.', answer }) });
    const effective = { samples: 1, max_revisions: 5, budget_tokens: 4000 };
    const checks = [{ type: 'regex', pattern: 'lighthouse' }];
    const given = { model, effective, checks, question: 'Write a sentence about a lighthouse.' };
    await runStrategy('verify-and-revise', given);
    expect(model.requests).toHaveLength(3);
  });

  it('drops chains whose value a check refuted before the vote', async () => {
    const mismatch: Script = { thought: 'So the answer is 6.', answer: 'The answer is 8.' };
    const model = createChains(chain('4', 'Hm.'), [mismatch]);
    const run = await runStrategy('deliberate', { model, effective: { max_revisions: 0 } });
    expect(run.answer).toBe('The answer is 4.');
    const filtered = await runStrategy('deliberate', {
      model,
      effective: { max_revisions: 0 },
      options: { without: ['filter'] },
    });
    expect(filtered.answer).toBe('The answer is 8.');
  });

  it('counts every token once: the phases add up to what the model decoded and was fed', async () => {
    const model = createChains(chain('5', '2 + 2 = 5.'), [chain('4'), chain('3')]);
    let seen = 0;
    const counting = {
      ...model,
      async *generate(...given: Parameters<typeof model.generate>) {
        const fed = (given[0].thinking?.prefix ?? []).filter((segment) => segment.fed === true);
        seen += fed.reduce((sum, segment) => sum + tokens(segment.text).length, 0);
        for await (const event of model.generate(...given)) {
          if (event.type === 'thinking-delta' || event.type === 'answer-delta') seen += event.tokenIds.length;
          yield event;
        }
      },
    };
    const run = await runStrategy('deliberate', { model: counting });
    expect(run.output).toBe(seen);
    expect(run.outcome.usage.forced).toBeGreaterThan(0);
  });

  it('gives the same events for the same seed', async () => {
    const once = () =>
      runStrategy('deliberate', {
        model: createChains(chain('5', 'Hm.'), [chain('4', 'Hm.'), chain('5', 'Hm.')]),
      });
    expect((await once()).events).toEqual((await once()).events);
  });

  it('gives each wave a seed of its own', async () => {
    const model = createChains(chain('5', 'Hm.'), [chain('4', 'Hm.'), chain('3', 'Hm.'), chain('2', 'Hm.')]);
    await runStrategy('deliberate', { model });
    const seeds = model.requests.filter((request) => !isGreedy(request)).map((request) => request.sampling.seed);
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('ranks free text by confidence', async () => {
    const letter = (text: string, logprob: number): Script => ({
      thought: 'Hm.',
      answer: `Dear Ann,\n${text.repeat(30)}`,
      logprob,
    });
    const model = createChains(letter('greedy ', -0.5), [letter('sure ', -0.1), letter('unsure ', -2)]);
    const run = await runStrategy('best-of-n', { model, question: 'Write a letter.', effective: { samples: 3 } });
    expect(run.answer).toContain('\nsure');
  });

  it('answers a call of a tool by the vote too', async () => {
    const call = (value: number): Script => ({
      thought: 'Hm.',
      answer: '',
      toolCalls: [{ name: 'add', arguments: `{"a": ${value}}` }],
    });
    const model = createTestModel({
      script: (request, sample) =>
        isDraft(request) ? { answer: 'Hello.' } : isGreedy(request) ? call(1) : call(sample === 0 ? 2 : 2),
    });
    const run = await runStrategy('deliberate', { model });
    expect(run.events).toContainEqual({ type: 'tool-call', name: 'add', arguments: '{"a": 2}' });
    expect(run.answer).toBe('');
  });
});

describe('what a deliberation leaves out after an attempt that died', () => {
  it('keeps finished steps and numbers new ones without a gap', async () => {
    const script = () =>
      createChains(
        chain('5', 'Hm.'),
        ['4', '3', '9', '2', '7', '6', '8'].map((answer) => chain(answer, 'Hm.')),
      );
    const whole = await runStrategy('deliberate', { model: script() });
    const finishedSteps = whole.steps.filter((step) => step.index !== 1 && step.index <= 2);
    const model = script();
    const resumed = await runStrategy('deliberate', { model, finishedSteps });
    expect(model.requests.some(isDraft)).toBe(false);
    expect(model.requests.every((request) => !isGreedy(request))).toBe(true);
    const indexes = [...finishedSteps, ...resumed.steps].map((step) => step.index).sort((a, b) => a - b);
    expect(indexes).toEqual(indexes.map((_, index) => index));
    expect(resumed.outcome.usage.think).toBe(whole.outcome.usage.think);
  });

  it('replays an answer that was settled before, without another token', async () => {
    const first = await runStrategy('deliberate', { model: createChains(chain('4'), [chain('4')]) });
    const model = createChains(chain('5'), [chain('5')]);
    const second = await runStrategy('deliberate', { model, finishedSteps: first.steps });
    expect(model.requests).toHaveLength(0);
    expect(second.answer).toBe(first.answer);
    expect(second.outcome).toEqual(first.outcome);
  });

  it.each(['think', 'answer'])(
    'calls a tool that it had called before the attempt died behind its %s step',
    async (last) => {
      const script = (request: GenerateRequest): Script =>
        isDraft(request)
          ? { answer: 'No idea.' }
          : { thought: 'Hm.', answer: 'I add.', toolCalls: [{ name: 'add', arguments: '{"a": 1}' }] };
      const effective = { samples: 1 };
      const first = await runStrategy('deliberate', { model: createTestModel({ script }), effective });
      const finishedSteps = first.steps.slice(0, first.steps.findIndex(({ phase }) => phase === last) + 1);
      const model = createTestModel({ script });
      const second = await runStrategy('deliberate', { model, effective, finishedSteps });
      expect(model.requests.map(isDraft)).toEqual([false]);
      expect(second.events.filter((event) => event.type === 'tool-call')).toEqual([
        { type: 'tool-call', name: 'add', arguments: '{"a": 1}' },
      ]);
      expect(second.outcome.answerSource).toBe('deliberate');
    },
  );

  it('does not show again what was shown before', async () => {
    const first = await runStrategy('deliberate', { model: createChains(chain('4'), [chain('4')]) });
    const answer = { maxTokens: 32, prefix: [{ text: 'The answer' }] };
    const second = await runStrategy('deliberate', {
      model: createChains(chain('5'), []),
      finishedSteps: first.steps,
      answer,
    });
    expect(second.answer).toBe(' is 4.');
  });
});

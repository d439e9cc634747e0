import { describe, expect, it } from 'vitest';
import { outputTokens } from '../../../src/contracts/responses/usage.ts';
import type { AutoRule } from '../../../src/contracts/service/effort-table.ts';
import { probeTokens } from '../../../src/reasoning/sampling/fast-probe.ts';
import { listenForTokens } from '../../../src/worker/unreported-tokens.ts';
import { createTestModel, type Script } from '../../support/scripted-model.ts';
import { type ContextPatch, runStrategy, table } from '../../support/strategy-run.ts';

const sure = Math.log(0.97);
const unsure = Math.log(0.5);

/** Fast answers as given, one after the other (the last again and again); thoughts that come to 5. */
function modelOf(
  fast: Partial<Script> | Array<Partial<Script>>,
  options: Partial<Parameters<typeof createTestModel>[0]> = {},
) {
  const answers = [fast].flat();
  let asked = 0;
  return createTestModel({
    script(request) {
      if (request.thinking !== undefined) return { thought: ' 2 + 3 = 5', answer: 'The answer is 5.' };
      const own = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      return { answer: 'The answer is 4.', ...own };
    },
    ...options,
  });
}

/** As a server that sends no token ids: of its answers the worker counts the text. */
function withoutIds(model: ReturnType<typeof modelOf>): ReturnType<typeof modelOf> {
  return {
    ...model,
    async *generate(...given) {
      for await (const event of model.generate(...given))
        yield event.type === 'answer-delta' ? { ...event, tokenIds: [] } : event;
    },
  };
}

const auto = (given: ContextPatch) =>
  runStrategy('auto deliberate', { ...given, effective: { effort: 'auto', ...given.effective } });

const rule = (changes: Partial<AutoRule>): AutoRule => ({
  questions: 100,
  intercept: 0,
  features: { mean_surprise: { mean: Math.log(0.3), deviation: 1, weight: -3 } },
  threshold: 0.5,
  level: 'low',
  ...changes,
});

const decisions = ({ steps }: Awaited<ReturnType<typeof auto>>) => steps.flatMap(({ decided }) => decided ?? []);

describe('auto', () => {
  it('gives the fast answer that it tried, decoded once, where its tokens were probable', async () => {
    const model = modelOf({ answerLogprob: sure });
    const run = await auto({ model });
    expect(run.answer).toBe('The answer is 4.');
    expect(model.requests).toHaveLength(1);
    expect(run.outcome.usage).toMatchObject({ answer: 4, draft: 0, discarded: 0, think: 0 });
    expect(run.outcome).toMatchObject({ thinkingStop: null, answerSource: 'draft' });
    expect(decisions(run)).toEqual([
      {
        effort: 'none',
        fast_suffices: null,
        because: expect.stringMatching(/average probability of 97 %, 90 % or more/),
      },
    ]);
  });

  it('thinks where they were not, and counts what it tried as a draft', async () => {
    const model = modelOf({ answerLogprob: unsure });
    const run = await auto({ model });
    expect(run.answer).toBe('The answer is 5.');
    expect(run.outcome.usage).toMatchObject({ draft: 4 });
    expect(run.outcome.usage.think).toBeGreaterThan(0);
    expect(run.steps[0]).toMatchObject({
      phase: 'draft',
      tokens: 4,
      answer: '4',
      index: 0,
      decided: { effort: 'medium' },
    });
    expect(run.steps.map(({ index }) => index)).toEqual(run.steps.map((_, place) => place));
    // The only draft: the thinking strategy makes none of its own.
    expect(run.steps.filter(({ phase }) => phase === 'draft')).toHaveLength(1);
  });

  it('goes by the model’s calibration where there is one, to the level that it names', async () => {
    const run = await auto({ model: modelOf({ answerLogprob: unsure }), table: { ...table, auto: rule({}) } });
    expect(decisions(run)).toMatchObject([{ effort: 'low', fast_suffices: expect.closeTo(0.07, 1) }]);
    const lenient = await auto({
      model: modelOf({ answerLogprob: unsure }),
      table: { ...table, auto: rule({ threshold: 0.05 }) },
    });
    expect(decisions(lenient)).toMatchObject([
      { effort: 'none', because: expect.stringMatching(/it is kept from 5 %/) },
    ]);
  });

  it('does not complete a fast answer whose first tokens show that it will not be kept', async () => {
    const { intercept, features } = rule({});
    const early = { intercept, features, threshold: 0.5 };
    const stopped = { ...table, auto: rule({ early }) };
    const run = await auto({ model: modelOf({ answerLogprob: unsure }), table: stopped });
    expect(run.answer).toBe('The answer is 5.');
    expect(run.outcome.usage).toMatchObject({ draft: 1 });
    expect(decisions(run)).toMatchObject([
      {
        effort: 'low',
        fast_suffices: expect.closeTo(0.07, 1),
        because: expect.stringMatching(/After 1 token, .* below 50 % it/),
      },
    ]);
    expect(run.steps[0]).toMatchObject({ stop_reason: 'length', tokens: 1 });
    const kept = await auto({ model: modelOf({ answerLogprob: sure }), table: stopped });
    expect(kept.answer).toBe('The answer is 4.');
  });

  it.each([
    [-9, 'none'],
    [-0.2, 'low'],
  ])('reads the margin of the first token over the likeliest other: %d, %s', async (otherLogprob, effort) => {
    const margin = rule({ features: { first_margin: { mean: 2, deviation: 1, weight: 3 } } });
    const model = modelOf({ answerLogprob: -0.1, otherLogprob });
    const run = await auto({ model, table: { ...table, auto: margin } });
    expect(decisions(run)).toMatchObject([{ effort }]);
    // What only the decision needed, no client reads.
    expect(run.events.flatMap((one) => (one.type === 'answer-delta' ? one.logprobs : [])).some(({ top }) => top)).toBe(
      false,
    );
  });

  it('decides on a long text before it ends, and streams it from there', async () => {
    const words = Array.from({ length: 3 * probeTokens }, (_, index) => `word${index}`).join(' ');
    let shownAt = 0;
    const model = modelOf({ answer: words, answerLogprob: unsure });
    const run = await auto({ model, answer: { maxTokens: 500 } });
    expect(run.answer).toBe(words);
    const first = run.events.findIndex(({ type }) => type === 'answer-delta');
    for (const event of run.events.slice(0, first)) if (event.type === 'usage') shownAt = event.usage.draft;
    expect(shownAt).toBe(probeTokens);
    expect(run.outcome.usage).toMatchObject({ answer: 3 * probeTokens, draft: 0 });
  });

  it('stops a long text that it does not keep, which is no candidate', async () => {
    const words = Array.from({ length: 3 * probeTokens }, (_, index) => `word${index}`).join(' ');
    const strict = rule({ intercept: -99 });
    const model = modelOf({ answer: words });
    const run = await auto({ model, table: { ...table, auto: strict }, answer: { maxTokens: 500 } });
    expect(run.answer).toBe('The answer is 5.');
    expect(run.outcome.usage.draft).toBe(probeTokens);
    expect(run.steps[0]).toMatchObject({ stop_reason: 'length', tokens: probeTokens });
  });

  it.each([
    ['agree', [{ answer: 'The answer is 4.' }, { answer: '4' }], 'none', 'The answer is 4.'],
    ['differ', [{ answer: 'The answer is 4.' }, { answer: '7' }], 'medium', 'The answer is 5.'],
  ])('compares two samples of a model without log-probabilities: they %s', async (_how, answers, effort, answer) => {
    const model = modelOf(answers.map((one) => ({ ...one, answerLogprob: null })));
    const run = await auto({ model });
    expect(decisions(run)).toMatchObject([{ effort, fast_suffices: null }]);
    expect(run.answer).toBe(answer);
    expect(run.outcome.usage.draft).toBe(effort === 'none' ? 1 : 5);
    expect(model.requests[1]?.sampling.temperature).toBeGreaterThan(0);
  });

  it.each([
    ['open text is kept from its first tokens on, and streams', 'word', 'none', 1],
    ['a value is compared once its answer has ended', 'The answer is 4. word', 'medium', 3],
  ])('of a server without log-probabilities and token ids, %s', async (_what, start, effort, requests) => {
    const words = `${start}${' word'.repeat(3 * probeTokens)}`;
    const answers = [words, '7'].map((answer) => ({ answer, answerLogprob: null }));
    const model = withoutIds(modelOf(answers));
    const run = await auto({ model, answer: { maxTokens: 500 }, effective: { samples: 1 } });
    expect(decisions(run)).toMatchObject([{ effort }]);
    expect(run.answer).toBe(effort === 'none' ? words : 'The answer is 5.');
    expect(model.requests).toHaveLength(requests);
    const first = run.events.findIndex(({ type }) => type === 'answer-delta');
    const read = run.events.slice(0, first).filter(({ type }) => type === 'usage').length;
    expect(read > probeTokens + 1).toBe(effort !== 'none');
  });

  it('counts a stopped fast answer without token ids once, and within max_output_tokens', async () => {
    const strict = { ...table, auto: rule({ intercept: -99 }) };
    const model = withoutIds(modelOf({ answer: 'word '.repeat(3 * probeTokens) }));
    const { added, model: listened } = listenForTokens(model, { promptTokens: 5, phase: () => 'draft' });
    const most = probeTokens + 100;
    const given = { model: { ...model, ...listened }, table: strict, answer: { maxTokens: 90, reserve: 10 } };
    const run = await auto({ ...given, maxOutputTokens: most });
    expect(run.answer).toBe('The answer is 5.');
    const usage = added(run.outcome.usage);
    expect(usage.draft).toBe(probeTokens);
    expect(outputTokens(usage)).toBeLessThanOrEqual(most);
    // Of what it may think, the fast answer has taken its part.
    const budgets = model.requests.flatMap(({ thinking }) => thinking?.budgetTokens ?? []);
    expect(Math.max(...budgets)).toBeLessThanOrEqual(100);
  });

  it('keeps a call of a tool', async () => {
    const call = { name: 'add', arguments: '{"a":1}' };
    const run = await auto({ model: modelOf({ answer: '', toolCalls: [call], answerLogprob: unsure }) });
    expect(run.events).toContainEqual({ type: 'tool-call', ...call });
    expect(decisions(run)).toMatchObject([{ effort: 'none' }]);
  });

  it('thinks where the fast answer came to nothing', async () => {
    const run = await auto({ model: modelOf({ answer: ' ' }) });
    expect(run.answer).toBe('The answer is 5.');
  });

  it('decides once: another attempt follows what stands on the trace', async () => {
    const first = await auto({ model: modelOf({ answerLogprob: unsure }) });
    const model = modelOf({ answerLogprob: sure });
    const again = await auto({ model, finishedSteps: first.steps.slice(0, 1) });
    expect(again.answer).toBe('The answer is 5.');
    expect(again.outcome.usage.draft).toBe(4);
    expect(model.requests.every(({ thinking }) => thinking !== undefined)).toBe(true);
    const fast = await auto({ model: modelOf({ answerLogprob: sure }) });
    const resumed = await auto({ model: modelOf({ answerLogprob: unsure }), finishedSteps: fast.steps.slice(0, 1) });
    expect(resumed.answer).toBe('The answer is 4.');
  });

  it('answers fast without deciding where the answer is wanted now, and within the deadline', async () => {
    const now = AbortSignal.abort();
    const wanted = await auto({ model: modelOf({ answerLogprob: unsure }), answerNow: now });
    expect(wanted.answer).toBe('The answer is 4.');
    const deadline = new AbortController();
    const model = modelOf(
      { answer: 'one two three four', answerLogprob: unsure },
      {
        onStep: (step) => {
          if (step === 3) deadline.abort(new Error('late'));
        },
      },
    );
    const late = await auto({ model, deadline: deadline.signal, deadlineAt: 2000 });
    expect(late.answer).toMatch(/^one two/);
    expect(late.outcome.incomplete).toBe('deadline');
  });

  it('ends with the caller’s reason when it is cancelled', async () => {
    const cancel = new AbortController();
    const reason = new Error('cancelled');
    const model = modelOf({}, { onStep: () => cancel.abort(reason) });
    await expect(auto({ model, signal: cancel.signal })).rejects.toBe(reason);
  });

  it.each([
    ['with log-probabilities', [{ answerLogprob: unsure }]],
    [
      'by a second answer',
      [{ answerLogprob: null }, { answerLogprob: null, answer: 'The answer is 7, or so I think.' }],
    ],
  ])('keeps max_output_tokens over what it tried and what it thinks, deciding %s', async (_how, fast) => {
    for (const most of [1, 2, 3, 4, 5, 6, 7, 12, 20, 60]) {
      const run = await auto({ model: modelOf(fast), maxOutputTokens: most, answer: { maxTokens: Math.min(6, most) } });
      expect(run.output).toBeLessThanOrEqual(most);
      expect(run.answer).not.toBe('');
    }
  });

  it('keeps the fast answer where nothing is left to think with', async () => {
    const run = await auto({ model: modelOf({ answerLogprob: unsure }), maxOutputTokens: 4, answer: { maxTokens: 4 } });
    expect(run.answer).toBe('The answer is 4.');
    expect(decisions(run)).toMatchObject([{ effort: 'none', because: 'No tokens are left for thinking.' }]);
    expect(run.outcome.incomplete).toBeUndefined();
  });
});

describe('auto with checks of the caller’s', () => {
  const five = { type: 'expected', value: 5 };
  const posting = (verdict: string) => {
    const posted: unknown[] = [];
    const postCheck = async (_url: string, body: unknown) => {
      posted.push(body);
      return { verdict };
    };
    return { posted, postCheck };
  };
  const webhook = { type: 'webhook', url: 'https://example.com/check' };

  it.each([
    ['a value', five],
    ['a form', { type: 'regex', pattern: '5' }],
  ])('thinks where the fast answer that it would keep fails one of %s', async (_what, check) => {
    const run = await auto({ model: modelOf({ answerLogprob: sure }), checks: [check] });
    expect(run.answer).toBe('The answer is 5.');
    expect(decisions(run)).toMatchObject([{ because: `The check ${check.type} found the fast answer wrong.` }]);
  });

  it('keeps a fast answer that one confirms, which is then verified, also for another attempt', async () => {
    const { posted, postCheck } = posting('pass');
    const given = { effective: { effort: 'auto' as const }, checks: [webhook] };
    const run = await runStrategy(
      'auto deliberate',
      { ...given, model: modelOf({ answerLogprob: sure }) },
      { postCheck },
    );
    expect(run.answer).toBe('The answer is 4.');
    expect(posted).toHaveLength(1);
    expect(run.outcome).toMatchObject({ thinkingStop: null, verdict: { kind: 'verified', probability: null } });
    const finishedSteps = run.steps.slice(0, 1);
    const resumed = await runStrategy(
      'auto deliberate',
      { ...given, model: modelOf({}), finishedSteps },
      { postCheck },
    );
    expect(resumed.outcome.verdict).toEqual(run.outcome.verdict);
    expect(posted).toHaveLength(1);
  });

  it('asks the caller’s server once about a fast answer, kept or not', async () => {
    const { posted, postCheck } = posting('fail');
    const given = { model: modelOf({ answerLogprob: sure }), checks: [webhook], effective: { max_revisions: 0 } };
    await runStrategy('auto deliberate', { ...given, effective: { effort: 'auto' } }, { postCheck });
    expect(posted.filter((body) => JSON.stringify(body).includes('is 4'))).toHaveLength(1);
  });

  it('reads a long answer whole before one judges it', async () => {
    const words = `${'word '.repeat(2 * probeTokens)}5`;
    const model = modelOf({ answer: words, answerLogprob: sure });
    const run = await auto({ model, answer: { maxTokens: 500 }, checks: [{ type: 'regex', pattern: '5$' }] });
    expect(run.answer).toBe(words);
    expect(model.requests).toHaveLength(1);
  });

  it('has the fast answer that it did not keep judged like any other', async () => {
    const wrong = modelOf({ answer: 'The answer is 5.', answerLogprob: unsure });
    const run = await auto({ model: wrong, checks: [{ type: 'expected', value: 9 }] });
    expect(run.outcome.answerSource).not.toBe('draft');
    expect(run.outcome.verdict).toMatchObject({ kind: 'unsure', because: expect.stringContaining('failed a check') });
  });
});

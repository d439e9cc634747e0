import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import type { Prompt } from '../../src/contracts/responses/prompt.ts';
import type { LanguageModel, ModelCapabilities, ThinkingRequest } from '../../src/core/language-model.ts';
import { columnOf, documentedColumn } from './capability-column.ts';
import { never, requestOf, runOne, runSamples } from './language-model-run.ts';

/** One implementation of the port under test, with what it is asked. */
export type LanguageModelFixture = {
  model: LanguageModel;
  /** It thinks for more than 20 tokens about it by itself, and ends within 300; its answer has at least three words. */
  question: Prompt;
  /**
   * It is sure of each token of its answer, which is then the same with the first word in the prompt, however the processor rounds;
   * default: `question`.
   */
  sureQuestion?: Prompt;
  /** It answers this one with a call of `weather`. */
  toolQuestion: Prompt;
  /** Thinking whose natural end comes before its minimum. */
  earlyEnd: ThinkingRequest;
  /** Tokens of an output text. */
  retokenise(text: string): number;
  /** Think tags and other control texts: none of them is ever seen. */
  controlTexts: readonly string[];
  /** Its column in the table of docs/models.md. */
  column?: string;
  /** Tests, by their titles, that can't hold for this implementation, each with its reason. */
  cannot?: Readonly<Record<string, string>>;
};

/**
 * What every LanguageModel must do. A capability that an implementation doesn't claim skips its tests, with that reason.
 * Greedy and short, so that a real model takes seconds.
 */
export function languageModelSuite(name: string, create: () => Promise<LanguageModelFixture>): void {
  describe(`LanguageModel: ${name}`, () => {
    let fixture: LanguageModelFixture;
    let model: LanguageModel;
    beforeAll(async () => {
      fixture = await create();
      model = fixture.model;
    });
    afterAll(() => model?.close());
    beforeEach((context) => {
      const reason = fixture.cannot?.[context.task.name];
      if (reason !== undefined) context.skip(reason);
    });
    const needs = (context: TestContext, capability: keyof ModelCapabilities) => {
      const has = model.capabilities[capability];
      if (has === false || (Array.isArray(has) && has.length === 0))
        context.skip(`${name} has no capability ${capability}`);
    };

    it('answers at once without thinking', async () => {
      const run = await runOne(model, requestOf(fixture.question, {}));
      expect(run.answer.trim()).not.toBe('');
      expect(run.events.some(({ type }) => type.startsWith('thinking'))).toBe(false);
      expect(run.finish).toMatchObject({ reason: 'stop', usage: { thinkingTokens: 0, forcedTokens: 0 } });
      expect(run.finish.thinkingStop).toBeUndefined();
    });

    it('thinks to its natural end and then answers', async (context) => {
      needs(context, 'thinking');
      const run = await runOne(model, requestOf(fixture.question, { budget: 300 }));
      expect(run.finish).toMatchObject({ reason: 'stop', thinkingStop: 'natural' });
      expect(run.thought.trim()).not.toBe('');
      const types = run.events.map(({ type }) => type);
      expect(types.lastIndexOf('thinking-delta')).toBeLessThan(types.indexOf('thinking-end'));
      expect(types.indexOf('thinking-end')).toBeLessThan(types.indexOf('answer-delta'));
      // Usage is the output, tokenised again; with the space before a number, which is a token of its own and is not shown.
      const first = run.events.find(({ type }) => type === 'answer-delta');
      const space = first?.type === 'answer-delta' && first.text === '' && first.tokenIds.length === 1 ? ' ' : '';
      expect(run.finish.usage.answerTokens).toBe(fixture.retokenise(`${space}${run.answer}`));
      expect(run.finish.usage.thinkingTokens).toBe(fixture.retokenise(run.thought));
      for (const text of fixture.controlTexts) expect(`${run.answer}${run.thought}`).not.toContain(text);
      expect(run.answer).not.toContain(run.thought.trim());
    });

    it('stops thinking at the budget, hands over and still answers', async (context) => {
      needs(context, 'exactBudget');
      const run = await runOne(model, requestOf(fixture.question, { budget: 12 }));
      expect(run.finish).toMatchObject({ thinkingStop: 'budget', usage: { thinkingTokens: 12 } });
      expect(run.forcedText.trim()).not.toBe('');
      expect(run.answer.trim()).not.toBe('');
      for (const text of fixture.controlTexts) expect(run.answer).not.toContain(text);
    });

    it('counts in its usage the very tokens that its events carry', async (context) => {
      needs(context, 'exactBudget');
      const { thinkingIds, forcedIds, answerIds, finish } = await runOne(
        model,
        requestOf(fixture.question, { budget: 7 }),
      );
      expect(finish.usage).toMatchObject({
        thinkingTokens: thinkingIds.length,
        forcedTokens: forcedIds.length,
        answerTokens: answerIds.length,
      });
    });

    it.each<[string, ThinkingRequest]>([
      ['a cap for each sample', { budgetTokens: 40, perSampleTokens: 6 }],
      ['a budget that is too small for all', { budgetTokens: 10 }],
    ])('keeps samples together within %s', async (_what, thinking) => {
      const request = requestOf(fixture.question, { thinking, samples: 3, sampling: { temperature: 0.8, seed: 5 } });
      const runs = await runSamples(model, request);
      expect(runs.map((run) => run.finish.sample)).toEqual([0, 1, 2]);
      const tokens = runs.map((run) => run.finish.usage.thinkingTokens);
      expect(tokens.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(thinking.budgetTokens);
      for (const count of tokens)
        expect(count).toBeLessThanOrEqual(thinking.perSampleTokens ?? Number.POSITIVE_INFINITY);
      for (const run of runs) expect(run.answer.trim()).not.toBe('');
    });

    it('answers at once on a budget of nothing', async () => {
      const run = await runOne(model, requestOf(fixture.question, { budget: 0 }));
      expect(run.finish.usage.thinkingTokens).toBe(0);
      expect(run.answer.trim()).not.toBe('');
    });

    it('keeps to the reserve and has visible text even on one token', async () => {
      const run = await runOne(model, requestOf(fixture.question, { budget: 3, answer: { maxTokens: 1 } }));
      expect(run.finish.reason).toBe('length');
      expect(run.finish.usage.answerTokens).toBe(1);
      expect(run.answer.trim()).not.toBe('');
    });

    it('replaces a too early end of thinking', async (context) => {
      needs(context, 'exactBudget');
      const run = await runOne(model, requestOf(fixture.question, { thinking: fixture.earlyEnd }));
      const first = run.events.findIndex((event) => event.type === 'thinking-delta' && event.forced);
      const end = run.events.findIndex(({ type }) => type === 'thinking-end');
      expect(first).toBeGreaterThanOrEqual(0);
      expect(run.events.slice(first + 1, end).some((event) => event.type === 'thinking-delta' && !event.forced)).toBe(
        true,
      );
      expect(run.finish.usage.thinkingTokens).toBeGreaterThanOrEqual(fixture.earlyEnd.minimumTokens ?? 0);
      expect(run.finish.usage.thinkingTokens).toBeLessThanOrEqual(fixture.earlyEnd.budgetTokens);
    });

    it('goes on from a given thought', async (context) => {
      needs(context, 'rollback');
      const start = await runOne(model, requestOf(fixture.question, { budget: 8 }));
      const prefix = [{ text: start.thought, tokenIds: start.thinkingIds }];
      const run = await runOne(model, requestOf(fixture.question, { thinking: { budgetTokens: 5, prefix } }));
      const bare = await model.countTokens(fixture.question, { thinking: true });
      expect(run.finish.usage.inputTokens).toBe(bare + start.finish.usage.thinkingTokens);
      expect(run.finish.usage.thinkingTokens).toBe(5);
      expect(run.answer.trim()).not.toBe('');
    });

    it('answers from a given thought that has ended, and adds nothing to it', async (context) => {
      needs(context, 'rollback');
      const prefix = [{ text: 'Ones: 7 + 6 = 13.\nSo the answer is 933.\n' }];
      const thinking = { budgetTokens: 50, prefix, ended: true as const };
      const run = await runOne(model, requestOf(fixture.question, { thinking }));
      expect(run.events.filter(({ type }) => type.startsWith('thinking'))).toEqual([]);
      expect(run.finish.usage).toMatchObject({ thinkingTokens: 0, forcedTokens: 0 });
      expect(run.answer.trim()).not.toBe('');
    });

    it('counts a fed piece of a given thought as forced', async (context) => {
      needs(context, 'rollback');
      const prefix = [{ text: 'Ones: 3.\n' }, { text: 'Wait, 3 is wrong.\n', fed: true }];
      const thinking = { budgetTokens: 3, prefix };
      const run = await runOne(model, requestOf(fixture.question, { thinking, answer: { maxTokens: 2 } }));
      const bare = await model.countTokens(fixture.question, { thinking: true });
      expect(run.finish.usage.inputTokens).toBe(bare + fixture.retokenise('Ones: 3.\n'));
      expect(run.finish.usage.forcedTokens).toBe(run.forcedIds.length + fixture.retokenise('Wait, 3 is wrong.\n'));
    });

    it('goes on with an answer that has begun', async () => {
      const question = fixture.sureQuestion ?? fixture.question;
      const whole = await runOne(model, requestOf(question, {}));
      const [first = ''] = /^\S+/.exec(whole.answer) ?? [];
      const prefix = [{ text: first }];
      const run = await runOne(model, requestOf(question, { answer: { maxTokens: 32, prefix } }));
      expect(first + run.answer).toBe(whole.answer);
      expect(run.finish.usage.answerTokens).toBeLessThan(whole.finish.usage.answerTokens);
    });

    it('counts the prompt as it computes it', async () => {
      for (const budget of [undefined, 2]) {
        const request = requestOf(fixture.question, { ...(budget && { budget }), answer: { maxTokens: 2 } });
        const run = await runOne(model, request);
        const counted = await model.countTokens(fixture.question, { thinking: budget !== undefined });
        expect(run.finish.usage.inputTokens).toBe(counted);
      }
    });

    it('answers now when it is told to, within one step', async () => {
      const answerNow = new AbortController();
      let deltas = 0;
      const run = await runOne(model, requestOf(fixture.question, { budget: 200 }), {
        answerNow: answerNow.signal,
        onEvent: ({ type }) => {
          if (type === 'thinking-delta' && ++deltas === 5) answerNow.abort();
        },
      });
      expect(run.finish.thinkingStop).toBe('user');
      // One step may be on its way while the fifth is read.
      expect(run.finish.usage.thinkingTokens).toBeLessThanOrEqual(7);
      expect(run.answer.trim()).not.toBe('');
    });

    it('ends with the reason of a cancel, and is free for the next call', async () => {
      const cancel = new AbortController();
      const reason = new Error('cancelled by the test');
      let after = 0;
      const reading = runOne(model, requestOf(fixture.question, { budget: 200 }), {
        signal: cancel.signal,
        onEvent: () => {
          if (cancel.signal.aborted) after += 1;
          else cancel.abort(reason);
        },
      });
      await expect(reading).rejects.toBe(reason);
      expect(after).toBe(0);
      const next = await runOne(model, requestOf(fixture.question, { answer: { maxTokens: 2 } }));
      expect(next.answer.trim()).not.toBe('');
    });

    it('starts nothing for a call that is cancelled already', async () => {
      const reason = new Error('too late');
      const reading = runOne(model, requestOf(fixture.question, {}), { signal: AbortSignal.abort(reason) });
      await expect(reading).rejects.toBe(reason);
    });

    it('ends thinking at the deadline and still answers', async () => {
      const run = await runOne(model, requestOf(fixture.question, { budget: 200, deadlineAt: Date.now() - 1 }));
      expect(run.finish.thinkingStop).toBe('deadline');
      expect(run.finish.usage.thinkingTokens).toBeLessThanOrEqual(1);
      expect(run.answer.trim()).not.toBe('');
    });

    it('draws the same again from a seed, and something else from another', async (context) => {
      needs(context, 'seed');
      const drawn = async (seed: number) => {
        const request = requestOf(fixture.question, {
          budget: 24,
          samples: 2,
          answer: { maxTokens: 8 },
          sampling: { temperature: 1.5, seed },
        });
        return (await runSamples(model, request)).map((run) => `${run.thought}|${run.answer}`);
      };
      const first = await drawn(7);
      expect(await drawn(7)).toEqual(first);
      expect(await drawn(8)).not.toEqual(first);
      expect(first[0]).not.toBe(first[1]);
    });

    it('ends an answer before a stop text', async () => {
      const whole = await runOne(model, requestOf(fixture.question, {}));
      const [, second = ''] = whole.answer.trim().split(/\s+/);
      const run = await runOne(model, requestOf(fixture.question, { answer: { maxTokens: 32, stop: ['@@', second] } }));
      expect(run.answer).toBe(whole.answer.slice(0, whole.answer.indexOf(second)));
      expect(run.finish).toMatchObject({ reason: 'stop', stopText: second });
    });

    it('gives log-probabilities and their means', async (context) => {
      needs(context, 'logprobs');
      const run = await runOne(
        model,
        requestOf(fixture.question, { budget: 5, answer: { maxTokens: 6, topLogprobs: 2 } }),
      );
      const tokens = run.events.flatMap((event) => (event.type === 'answer-delta' ? event.logprobs : []));
      expect(tokens).toHaveLength(run.finish.usage.answerTokens);
      const mean = tokens.reduce((sum, { logprob }) => sum + logprob, 0) / tokens.length;
      expect(run.finish.scores.answerMeanLogprob).toBeCloseTo(mean, 4);
      for (const { logprob } of tokens) expect(logprob).toBeLessThanOrEqual(0);
      const thoughts = run.events.flatMap((event) => (event.type === 'thinking-delta' ? event.logprobs : []));
      expect(thoughts).toHaveLength(run.finish.usage.thinkingTokens);
    });

    it('calls a tool', async (context) => {
      needs(context, 'tools');
      const run = await runOne(model, requestOf(fixture.toolQuestion, { answer: { maxTokens: 60 } }));
      expect(run.finish.reason).toBe('tool-calls');
      expect(run.toolCalls[0]?.name).toBe('weather');
      expect(JSON.parse(run.toolCalls[0]?.arguments ?? '')).toBeTypeOf('object');
      for (const text of fixture.controlTexts) expect(run.answer).not.toContain(text);
    });

    it('calls no tool where none may be called', async (context) => {
      needs(context, 'tools');
      const run = await runOne(
        model,
        requestOf(fixture.toolQuestion, { answer: { maxTokens: 20, toolCalls: 'none' } }),
      );
      expect(run.toolCalls).toEqual([]);
      expect(run.answer.trim()).not.toBe('');
    });

    it('scores continuations', async (context) => {
      needs(context, 'score');
      const scored = await model.score({ prompt: fixture.question, continuations: ['Yes.', 'No.'] }, { signal: never });
      expect(scored.continuations).toHaveLength(2);
      for (const { logprob, tokens } of scored.continuations) {
        expect(logprob).toBeLessThanOrEqual(0);
        expect(tokens).toBeGreaterThan(0);
      }
    });

    it('refuses a constraint that it does not claim, and keeps one that it does', async () => {
      const constraint = { type: 'choice' as const, choices: ['red', 'green'] };
      const reading = runOne(model, requestOf(fixture.question, { answer: { maxTokens: 8, constraint } }));
      if (model.capabilities.constraints.includes('choice')) expect(['red', 'green']).toContain((await reading).answer);
      else await expect(reading).rejects.toMatchObject({ code: 'unsupported_constraint' });
    });

    it('refuses a prompt that is longer than its context, before it computes', async () => {
      const content = 'word '.repeat(model.contextLength + 1);
      const reading = runOne(model, requestOf({ messages: [{ role: 'user', content }] }, {}));
      await expect(reading).rejects.toMatchObject({ code: 'context_length_exceeded' });
    });

    it('does what its column in docs/models.md says', async (context) => {
      if (fixture.column === undefined) return context.skip('it has no column there');
      expect(await columnOf(fixture)).toEqual(documentedColumn(fixture.column));
    });

    it('runs two requests side by side, each with its own answer', async () => {
      const request = requestOf(fixture.question, { budget: 4, answer: { maxTokens: 4 } });
      const [first, second] = await Promise.all([runOne(model, request), runOne(model, request)]);
      expect(first.answer).toBe(second.answer);
      expect(first.thought).toBe(second.thought);
    });
  });
}

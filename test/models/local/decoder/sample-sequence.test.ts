import { describe, expect, test } from 'vitest';
import type { GenerateRequest, ModelEvent } from '../../../../src/core/language-model.ts';
import { createThoughtRepetition } from '../../../../src/core/thought-repetition.ts';
import { createThinkingBudget } from '../../../../src/core/token-ledger.ts';
import {
  createSampleSequence,
  type SampleSequence,
  type SampleSequenceOptions,
} from '../../../../src/models/local/decoder/sample-sequence.ts';
import { createSuppressedTokens } from '../../../../src/models/local/decoder/token-masks.ts';
import { createSampler, streamSeed } from '../../../../src/models/local/sampler.ts';
import { toyModel, toyTokens } from './toy-model.ts';
import { toyLogits, toyVocabulary } from './toy-runner.ts';

const suppressed = createSuppressedTokens(toyModel);

type Run = { row: SampleSequence; events: ModelEvent[]; failed: unknown };

function start(
  request: GenerateRequest,
  options: Partial<Pick<SampleSequenceOptions, 'interrupted' | 'contextLength' | 'repetition' | 'matcher'>> & {
    fed?: number;
  } = {},
): Run[] {
  const budget = createThinkingBudget(request.thinking?.budgetTokens ?? 0);
  return Array.from({ length: request.samples }, (_, sample) => {
    const run: { row?: SampleSequence; events: ModelEvent[]; failed: unknown } = { events: [], failed: undefined };
    const row = createSampleSequence({
      model: toyModel,
      request,
      sample,
      prompt: {
        ids: [1, 2, 3],
        inputTokens: 3 - (options.fed ?? 0),
        own: 0,
        fed: options.fed ?? 0,
        thinking: request.thinking !== undefined,
        answerBegun: false,
        answerIds: [],
      },
      contextLength: options.contextLength ?? 500,
      sampler: createSampler(request.sampling, { sample, vocabularySize: toyVocabulary }),
      suppressed: suppressed.forSequence({ tools: true }),
      matcher: options.matcher,
      repetition: options.repetition ?? createThoughtRepetition(),
      budget,
      interrupted: options.interrupted ?? (() => undefined),
      emit: (event) => run.events.push(event),
      onFinish() {},
      onFail(error) {
        run.failed = error;
      },
    });
    row.onCached(0);
    return { ...run, row };
  });
}

function requestOf(changes: Partial<GenerateRequest>): GenerateRequest {
  return {
    prompt: { messages: [{ role: 'user', content: '' }] },
    samples: 1,
    answer: { maxTokens: 10 },
    sampling: { temperature: 1, seed: 1 },
    deterministic: false,
    ...changes,
  };
}

/** Feeds a row the toy's logits, or those that `say` makes of a token, until it is finished. */
function finish(run: Run, say?: (step: number) => number): void {
  for (let step = 0; !run.row.finished; step += 1) {
    if (step > 2000) throw new Error('the row never ends');
    const token = say?.(step);
    run.row.onLogits(
      token === undefined
        ? toyLogits(run.row.ids)
        : Float32Array.from({ length: toyVocabulary }, (_, id) => (id === token ? 50 : 0)),
    );
  }
}

const ids = (run: Run, forced: boolean) =>
  run.events.flatMap((event) => (event.type === 'thinking-delta' && event.forced === forced ? event.tokenIds : []));
const answerIds = (run: Run) => run.events.flatMap((event) => (event.type === 'answer-delta' ? event.tokenIds : []));
const answerText = (run: Run) => run.events.map((event) => (event.type === 'answer-delta' ? event.text : '')).join('');
function finishOf(run: Run): Extract<ModelEvent, { type: 'finish' }> {
  const finishes = run.events.filter((event) => event.type === 'finish');
  const [only] = finishes;
  if (finishes.length !== 1 || !only) throw new Error(`${finishes.length} finishes`);
  return only;
}

describe('the budget', () => {
  test('is exact in any configuration, whatever interrupts', { timeout: 60_000 }, () => {
    let state = 7;
    const next = (below: number) => {
      state = streamSeed(state, 3);
      return (state >>> 0) % below;
    };
    const reasons = new Set<string>();
    for (let round = 0; round < 300; round += 1) {
      const budgetTokens = next(60);
      const perSampleTokens = next(2) === 0 ? 1 + next(30) : undefined;
      const minimumTokens = next(3) === 0 ? next(40) : undefined;
      const contextLength = 30 + next(200);
      const interruptAt = next(4) === 0 ? next(30) : Number.POSITIVE_INFINITY;
      let sampled = 0;
      const interrupted = () => (sampled >= interruptAt ? (round % 2 === 0 ? 'user' : 'deadline') : undefined);
      const request = requestOf({
        samples: 1 + next(4),
        thinking: {
          budgetTokens,
          ...(perSampleTokens && { perSampleTokens }),
          ...(minimumTokens && { minimumTokens }),
        },
        answer: { maxTokens: 1 + next(12) },
        sampling: { temperature: 1, seed: round },
      });
      let runs: Run[];
      try {
        runs = start(request, { contextLength, interrupted });
      } catch {
        continue; // no room for one token of an answer: refused
      }
      // Samples take turns at random.
      for (let live = runs; live.length > 0; live = live.filter(({ row }) => !row.finished)) {
        const run = live[next(live.length)];
        const before = run ? ids(run, false).length : 0;
        run?.row.onLogits(toyLogits(run.row.ids));
        if (run && ids(run, false).length > before) {
          expect(sampled, 'nothing is thought once interrupted').toBeLessThan(interruptAt);
          sampled += 1;
        }
      }
      for (const run of runs) {
        const { usage, thinkingStop, reason } = finishOf(run);
        expect(usage.thinkingTokens).toBe(ids(run, false).length);
        expect(usage.forcedTokens).toBe(ids(run, true).length);
        expect(usage.answerTokens).toBe(answerIds(run).length);
        expect(usage.answerTokens).toBeLessThanOrEqual(request.answer.maxTokens);
        expect(usage.thinkingTokens).toBeLessThanOrEqual(perSampleTokens ?? budgetTokens);
        expect(run.row.ids.length).toBeLessThanOrEqual(run.row.need);
        expect(run.row.need).toBeLessThanOrEqual(contextLength);
        expect(
          reason === 'empty' || answerText(run).trim() !== '' || run.events.some(({ type }) => type === 'tool-call'),
        ).toBe(true);
        expect(run.events.filter(({ type }) => type === 'thinking-end')).toHaveLength(1);
        reasons.add(String(thinkingStop));
      }
      const total = runs.reduce((sum, run) => sum + finishOf(run).usage.thinkingTokens, 0);
      expect(total).toBeLessThanOrEqual(budgetTokens);
      if (runs.every((run) => finishOf(run).thinkingStop === 'budget') && !perSampleTokens && contextLength > 190) {
        expect(total).toBe(budgetTokens);
      }
    }
    expect(reasons).toEqual(new Set(['budget', 'natural', 'user', 'deadline']));
  });
});

describe('thinking', () => {
  const thinking = { budgetTokens: 100 };

  test('ends by the close tag, and the tag is in no text', () => {
    const [run] = start(requestOf({ thinking })) as [Run];
    finish(run, (step) => [5, 6, toyTokens.close, 7, toyTokens.end][step] ?? 0);
    expect(finishOf(run)).toMatchObject({
      reason: 'stop',
      thinkingStop: 'natural',
      usage: { thinkingTokens: 2, answerTokens: 1 },
    });
    expect(answerText(run)).toBe('H');
    expect(run.row.ids.slice(3)).toEqual([5, 6, toyTokens.close, 57, 7]);
  });

  test('that ends with the end token is closed for it', () => {
    const [run] = start(requestOf({ thinking })) as [Run];
    finish(run, (step) => [5, toyTokens.end, 7, toyTokens.end][step] ?? 0);
    expect(run.row.ids.slice(3)).toEqual([5, ...toyModel.tokens.closing, 7]);
  });

  test('that ends too early goes on behind the continuation, so often and no more', () => {
    const [run] = start(requestOf({ thinking: { budgetTokens: 100, minimumTokens: 50 } })) as [Run];
    finish(
      run,
      (step) =>
        (step < 12 ? (step % 2 === 0 ? 5 : toyTokens.close) : [5, toyTokens.close, 7, toyTokens.end][step - 12]) ?? 0,
    );
    expect(finishOf(run)).toMatchObject({ thinkingStop: 'natural', usage: { thinkingTokens: 7 } });
    expect(ids(run, true).slice(0, 18)).toEqual(Array.from({ length: 6 }, () => toyModel.tokens.continuation).flat());
  });

  test('that goes round in circles is handed over, with an answer', () => {
    const [run] = start(requestOf({ thinking: { budgetTokens: 400 } })) as [Run];
    finish(run, (step) => (step < 64 ? 5 : step < 67 ? 8 : toyTokens.end));
    expect(finishOf(run)).toMatchObject({ thinkingStop: 'loop', reason: 'stop' });
    expect(answerText(run)).toBe('III');
  });

  test('is over before it begins when the answer was asked for while the prompt waited', () => {
    const [run] = start(requestOf({ thinking }), { interrupted: () => 'user' }) as [Run];
    finish(run, (step) => [7, toyTokens.end][step] ?? 0);
    expect(finishOf(run)).toMatchObject({ thinkingStop: 'user', usage: { thinkingTokens: 0 } });
  });

  test('leaves the reserve alone where the context is short', () => {
    // 3 of the prompt, 7 of the hand-over, 10 of the reserve: 5 are left.
    const [run] = start(requestOf({ thinking }), { contextLength: 25 }) as [Run];
    finish(run, () => 5);
    expect(finishOf(run)).toMatchObject({
      thinkingStop: 'budget',
      reason: 'length',
      usage: { thinkingTokens: 5, answerTokens: 10 },
    });
  });

  test('can be cancelled in each phase, and nothing comes after', () => {
    for (const at of [0, 2, 5, 7]) {
      const [run] = start(requestOf({ thinking: { budgetTokens: 4 } })) as [Run];
      for (let step = 0; step < at; step += 1) run.row.onLogits(toyLogits(run.row.ids));
      if (run.row.finished) continue;
      run.row.cancel();
      expect(run.row.finished).toBe(true);
      expect(run.events.some(({ type }) => type === 'finish')).toBe(false);
    }
  });
});

describe('the answer', () => {
  test('can not end before there is something to see, blanks left aside', () => {
    const [run] = start(requestOf({ sampling: { temperature: 0 } })) as [Run];
    const logits = Float32Array.from({ length: toyVocabulary }, (_, id) =>
      id === toyTokens.end ? 9 : id === 57 ? 8 : id === 3 ? 7 : 0,
    );
    run.row.onLogits(logits);
    expect(answerText(run)).toBe('D');
    run.row.onLogits(logits);
    expect(finishOf(run).reason).toBe('stop');
  });

  test('and the thought are scored by what the model tells of its logits', () => {
    const [run] = start(requestOf({ thinking: { budgetTokens: 2 }, sampling: { temperature: 0 } })) as [Run];
    const logits = Float32Array.from({ length: toyVocabulary }, (_, id) => (id === 5 ? 9 : 0));
    while (!run.row.finished) run.row.onLogits(logits, { max: 9, logSumExp: 20, selfCertainty: 7 });
    expect(finishOf(run).scores).toEqual({ thinkingMeanLogprob: -11, answerMeanLogprob: -11, selfCertainty: 7 });
  });

  test('ends before a stop text that lies across tokens', () => {
    const [run] = start(requestOf({ answer: { maxTokens: 20, stop: ['CDE'] } })) as [Run];
    finish(run, (step) => [1, 2, 3, 9, 2, 3, 4, 5][step] ?? 0);
    expect(answerText(run)).toBe('BCDJ');
    expect(finishOf(run).reason).toBe('stop');
  });

  test('a context without room for one token is refused', () => {
    expect(() => start(requestOf({}), { contextLength: 3 })).toThrowError(
      expect.objectContaining({ code: 'context_length_exceeded' }),
    );
  });

  test('fed pieces of the prompt count as forced', () => {
    const [run] = start(requestOf({}), { fed: 2 }) as [Run];
    finish(run, (step) => [1, toyTokens.end][step] ?? 0);
    expect(finishOf(run).usage).toMatchObject({ inputTokens: 1, forcedTokens: 2 });
  });
});

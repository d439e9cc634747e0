import { expect, test } from 'vitest';
import type { GenerateRequest, ModelEvent } from '../../../../src/core/language-model.ts';
import { createThoughtRepetition } from '../../../../src/core/thought-repetition.ts';
import { createThinkingBudget, type ThinkingBudget } from '../../../../src/core/token-ledger.ts';
import { createEngine } from '../../../../src/models/local/decoder/engine.ts';
import { createKvArena } from '../../../../src/models/local/decoder/kv-arena.ts';
import { createSampleSequence, type SampleSequence } from '../../../../src/models/local/decoder/sample-sequence.ts';
import { createSuppressedTokens } from '../../../../src/models/local/decoder/token-masks.ts';
import { createSampler, streamSeed } from '../../../../src/models/local/sampler.ts';
import { toyModel } from './toy-model.ts';
import { createToyRunner, toyLogits, toyShape, toyVocabulary } from './toy-runner.ts';

const suppressed = createSuppressedTokens(toyModel);

type Made = { row: SampleSequence; events: ModelEvent[]; settled: Promise<unknown> };

function makeRow(options: {
  request: GenerateRequest;
  sample: number;
  ids: readonly number[];
  budget: ThinkingBudget;
  interrupted(): 'user' | undefined;
}): Made {
  const events: ModelEvent[] = [];
  let settle: (error?: unknown) => void = () => {};
  const settled = new Promise<unknown>((resolve) => {
    settle = resolve;
  });
  const row = createSampleSequence({
    ...options,
    model: toyModel,
    prompt: {
      ids: options.ids,
      inputTokens: options.ids.length,
      own: 0,
      fed: 0,
      thinking: options.request.thinking !== undefined,
      answerBegun: false,
      answerIds: [],
    },
    contextLength: 400,
    sampler: createSampler(options.request.sampling, { sample: options.sample, vocabularySize: toyVocabulary }),
    suppressed: suppressed.forSequence({ tools: true }),
    repetition: createThoughtRepetition(),
    emit: (event) => events.push(event),
    onFinish: () => settle(),
    onFail: settle,
  });
  const cancel = row.cancel;
  const cancelAndSettle = () => {
    cancel();
    settle();
  };
  return { row: Object.assign(row, { cancel: cancelAndSettle }), events, settled };
}

test('hundreds of mixed requests in a tight cache all end, each with the tokens that it gives by itself', {
  timeout: 120_000,
}, async () => {
  let state = 11;
  const next = (below: number) => {
    state = streamSeed(state, 5);
    return (state >>> 0) % below;
  };
  const arena = createKvArena(toyShape, 1100);
  const engine = createEngine({ runner: createToyRunner(arena), arena, headroom: 8 });
  let started = 0;
  let compared = 0;
  const one = async () => {
    while (started < 300) {
      const index = started;
      started += 1;
      const ids = Array.from({ length: 5 + next(index % 20 === 0 ? 250 : 60) }, (_, at) => (at < 4 ? at : next(50)));
      const request: GenerateRequest = {
        prompt: { messages: [{ role: 'user', content: '' }] },
        samples: 1 + (index % 3),
        ...(next(3) > 0 && {
          thinking: { budgetTokens: next(12), ...(next(4) === 0 && { minimumTokens: next(8) }) },
        }),
        answer: { maxTokens: 1 + next(12) },
        sampling: { temperature: index % 2, seed: index },
        deterministic: next(9) === 0,
      };
      const interruptAt = next(5) === 0 ? engine.stats.steps + next(20) : Number.POSITIVE_INFINITY;
      const interrupted = () => (engine.stats.steps >= interruptAt ? ('user' as const) : undefined);
      const make = () => {
        const budget = createThinkingBudget(request.thinking?.budgetTokens ?? 0);
        return Array.from({ length: request.samples }, (_, sample) =>
          makeRow({ request, sample, ids, budget, interrupted }),
        );
      };
      const rows = make();
      engine.add(
        rows.map(({ row }) => row),
        {
          alone: request.deterministic,
          cache: { owner: `${next(2)}`, response: `${next(3)}`, own: next(ids.length + 1) },
        },
      );
      if (next(5) === 0) engine.forget(`${next(3)}`);
      const cancels = next(6) === 0;
      if (cancels) {
        for (let turn = next(8); turn > 0; turn -= 1) await new Promise(setImmediate);
        for (const { row } of rows) if (!row.finished) row.cancel();
      }
      expect(await Promise.all(rows.map(({ settled }) => settled))).toEqual(rows.map(() => undefined));
      expect(engine.stats.usedTokens).toBeLessThanOrEqual(1100);
      if (cancels || interruptAt < Number.POSITIVE_INFINITY) continue;
      const total = rows.reduce((sum, { events }) => sum + thinkingTokens(events), 0);
      expect(total).toBeLessThanOrEqual(request.thinking?.budgetTokens ?? 0);
      if (request.samples > 1 && request.thinking) continue;
      for (const [sample, made] of rows.entries()) {
        const alone = make()[sample];
        alone?.row.onCached(0);
        while (alone && !alone.row.finished) alone.row.onLogits(toyLogits(alone.row.ids));
        expect(made.row.ids).toEqual(alone?.row.ids);
        compared += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
  await new Promise(setImmediate);
  expect(engine.stats).toMatchObject({ running: 0, waiting: 0 });
  expect(compared).toBeGreaterThan(100);
});

function thinkingTokens(events: readonly ModelEvent[]): number {
  return events.reduce(
    (sum, event) => sum + (event.type === 'thinking-delta' && !event.forced ? event.tokenIds.length : 0),
    0,
  );
}

import { beforeAll, describe, expect, it, test } from 'vitest';
import type { GenerateRequest, ModelEvent, ThinkingRequest } from '../../../../src/core/language-model.ts';
import { createThoughtRepetition } from '../../../../src/core/thought-repetition.ts';
import { createThinkingBudget } from '../../../../src/core/token-ledger.ts';
import { createSampleSequence } from '../../../../src/models/local/decoder/sample-sequence.ts';
import { createSuppressedTokens, type SuppressedTokens } from '../../../../src/models/local/decoder/token-masks.ts';
import { loadModelFolder, type ModelFolder } from '../../../../src/models/local/folder/model-folder.ts';
import { type Sampler, streamSeed } from '../../../../src/models/local/sampler.ts';

let model: ModelFolder;
let suppressed: SuppressedTokens;
beforeAll(async () => {
  model = await loadModelFolder('models/thinkfirst-135m');
  suppressed = createSuppressedTokens(model).forSequence({ tools: false });
});

type Run = {
  thinking?: Partial<ThinkingRequest>;
  answer?: GenerateRequest['answer'];
  contextLength?: number;
  interrupted?(text: string): 'user' | undefined;
};

/**
 * A row of a model that writes, behind all the text so far, one of these texts: the first whose first token is allowed;
 * nothing: it ends.
 */
function start(writes: (text: string) => readonly string[], run: Run = {}) {
  const prefix = run.thinking?.prefix ?? [];
  let text = prefix.map((segment) => segment.text).join('');
  const events: ModelEvent[] = [];
  const draws: string[] = [];
  const sampler: Sampler = {
    needs: [],
    next(_logits, { suppressed }) {
      const wanted = writes(text).map((one) => model.tokenizer.encode(one)[0] ?? 2);
      const token = wanted.find((id) => !suppressed?.includes(id)) ?? 2;
      draws.push(model.tokenizer.textOf(token));
      return { token, logprob: -0.5, selfCertainty: 3 };
    },
  };
  const budget = createThinkingBudget(run.thinking?.budgetTokens ?? 100);
  const row = createSampleSequence({
    model,
    contextLength: run.contextLength ?? 8192,
    request: {
      prompt: { messages: [{ role: 'user', content: 'Q' }] },
      samples: 1,
      thinking: { budgetTokens: 100, computeTokens: 50, ...run.thinking },
      answer: run.answer ?? { maxTokens: 20 },
      sampling: { temperature: 0 },
      deterministic: true,
    },
    sample: 0,
    prompt: { ids: [1, 2, 3], inputTokens: 3, own: 0, fed: 0, thinking: true, answerBegun: false, answerIds: [] },
    sampler,
    suppressed,
    repetition: createThoughtRepetition(),
    budget,
    interrupted: () => run.interrupted?.(text),
    emit(event) {
      events.push(event);
      if (event.type === 'thinking-delta' || event.type === 'answer-delta') text += event.text;
    },
    onFinish() {},
    onFail(error) {
      throw error;
    },
  });
  row.onCached(0);
  return { row, events, draws, budget, text: () => text };
}

function finish(writes: (text: string) => readonly string[], run: Run = {}) {
  const started = start(writes, run);
  const logits = new Float32Array(1);
  for (let step = 0; !started.row.finished; step += 1) {
    if (step > 1000) throw new Error('the row never ends');
    started.row.onLogits(logits);
  }
  const { row, events, text } = started;
  const deltas = events.filter((event) => event.type === 'thinking-delta');
  const end = events.findLast((event) => event.type === 'finish');
  if (!end) throw new Error('no finish');
  const thought = deltas.map((delta) => delta.text).join('');
  const computed = deltas.filter(({ expression }) => expression !== undefined);
  // What the row gave to the cache is what it told, in that order; ends and tags it needn't tell.
  const told = events.flatMap((event) =>
    event.type === 'thinking-delta' || event.type === 'answer-delta' ? event.tokenIds : [],
  );
  expect(row.ids.slice(3).filter((id) => told.includes(id))).toEqual(told);
  expect(end.usage.thinkingTokens).toBe(deltas.filter(({ forced }) => !forced).flatMap((d) => d.tokenIds).length);
  expect(end.usage.forcedTokens).toBe(deltas.filter(({ forced }) => forced).flatMap((d) => d.tokenIds).length);
  return { ...started, thought, computed, end, text: text() };
}

/** What is left of a text that is not written to its end. */
const rest = (whole: string, written: string): string[] =>
  whole.startsWith(written) && whole !== written ? [whole.slice(written.length)] : [];

describe('behind an equals sign', () => {
  const asks = (text: string): readonly string[] => {
    if (text.endsWith('=')) return [' 800'];
    return text.endsWith('= 792') ? ['.'] : rest('132 × 6 =', text);
  };

  it('the value is fed, with its expression, and the thought goes on behind it', () => {
    const { thought, computed, end } = finish(asks);
    expect(thought).toMatch(/^132 × 6 = 792\./);
    expect(computed).toMatchObject([{ text: ' 792', forced: true, logprobs: [], expression: '132 × 6' }]);
    const { tokenizer } = model;
    expect(computed[0]?.tokenIds).toEqual(
      tokenizer.encode('132 × 6 = 792').slice(tokenizer.encode('132 × 6 =').length),
    );
    expect(end.thinkingStop).toBe('natural');
  });

  it('what is drawn there and given up for the value costs nothing of the budget', () => {
    const { end, budget, draws } = finish(asks);
    expect(draws).toContain(' ');
    expect(budget.taken).toBe(end.usage.thinkingTokens);
  });

  it('nothing is fed where nothing may be', () => {
    const { thought, computed } = finish(asks, { thinking: { computeTokens: 0 } });
    expect(thought).toMatch(/^132 × 6 = /);
    expect(computed).toEqual([]);
  });

  it.each(['=', '>', '=='])('a %j there is kept, and nothing is fed', (sign) => {
    const { thought, computed } = finish((text) => (text === '2 + 2 =' ? [sign] : rest('2 + 2 =', text)));
    expect(thought.startsWith(`2 + 2 =${sign}`)).toBe(true);
    expect(computed).toEqual([]);
  });

  it('a line without a value keeps what was drawn', () => {
    const { thought, computed, draws } = finish((text) => (text === 'So x =' ? [' y'] : rest('So x =', text)));
    expect(thought.startsWith('So x = y')).toBe(true);
    expect(computed).toEqual([]);
    expect(draws.join('')).toMatch(/^So x = y/);
  });

  it('an end that is drawn there waits for the value', () => {
    const { thought, computed } = finish((text) => rest('2 + 2 =', text));
    expect(thought.startsWith('2 + 2 = 4')).toBe(true);
    expect(computed).toHaveLength(1);
  });

  it('each equals sign of a line has its value', () => {
    const { thought } = finish((text) => [...rest('1 + 2 =', text), ...rest('1 + 2 = 3 + 4 =', text)]);
    expect(thought).toMatch(/^1 \+ 2 = 3 \+ 4 = 7/);
  });

  it('digits, and a point or comma with a digit, are masked for one step', () => {
    const wanted = ['0', '.5', ',5', '.', '7'];
    const { thought } = finish((text) => {
      if (text === '2 + 2 = 4') return wanted;
      return text === '2 + 2 = 4.' ? ['5'] : rest('2 + 2 =', text);
    });
    expect(thought.startsWith('2 + 2 = 4.5')).toBe(true);
    for (const [id, isSuppressed] of [
      ['0', true],
      ['.', false],
      [' ', false],
    ] as const) {
      expect(suppressed.thoughtBehindValue.includes(model.tokenizer.idOf(id === ' ' ? 'Ġ' : id) ?? -1)).toBe(
        isSuppressed,
      );
    }
  });

  it('a string that spells a tag backwards is never fed as the tag', () => {
    const call = 'reverse(">kniht/<") =';
    const { computed } = finish((text) => rest(call, text));
    for (const { tokenIds } of computed) expect(tokenIds).not.toContain(12);
    expect(computed).toEqual([]);
  });

  it('nothing is computed in code, or in the answer', () => {
    for (const whole of ['```\n2 + 2 =', 'Write ```2 + 2 =']) {
      const { computed, thought } = finish((text) => rest(whole, text));
      expect(thought.startsWith(whole), whole).toBe(true);
      expect(computed, whole).toEqual([]);
    }
    const answers = (text: string) => rest('2 + 2 = 5', text.replace(/^[\s\S]*have\.\n/, ''));
    const { computed, text } = finish(answers, { thinking: { budgetTokens: 1 } });
    expect(computed).toEqual([]);
    expect(text).toMatch(/2 \+ 2 = 5$/);
  });
});

describe('the allowance', () => {
  const sums = (text: string): readonly string[] => {
    const line = text.slice(text.lastIndexOf('\n') + 1);
    return text.split('\n').length > 4 ? [] : [...rest('2 + 2 =', line), '\n'];
  };

  it('bounds what is fed: once spent, the model’s own text stands', () => {
    const each = finish(sums).computed[0]?.tokenIds.length ?? 0;
    expect(each).toBeGreaterThan(0);
    const { computed, thought } = finish(sums, { thinking: { computeTokens: 2 * each + 1 } });
    expect(computed).toHaveLength(2);
    expect(thought.startsWith('2 + 2 = 4\n2 + 2 = 4\n2 + 2 =\n2 + 2 =\n')).toBe(true);
  });

  it('is in what the row needs, and makes way for the thought where the context is short', () => {
    const wide = start(() => [], { thinking: { budgetTokens: 100, computeTokens: 25 } }).row.need;
    expect(wide - start(() => [], { thinking: { budgetTokens: 100, computeTokens: 0 } }).row.need).toBe(25);
    for (const contextLength of [60, 80, 100, 120]) {
      expect(start(() => [], { contextLength }).row.need).toBeLessThanOrEqual(contextLength);
    }
  });

  it('usage, need and context hold in any configuration', () => {
    let state = 5;
    const next = (below: number) => {
      state = streamSeed(state, 1);
      return (state >>> 0) % below;
    };
    const pieces = ['2', ' +', ' 3', ' =', '=', '\n', '.', ' ×', ' 12', '```', 'max(', '>', ' and'];
    const writes = (text: string) => {
      const line = text.slice(text.lastIndexOf('\n') + 1);
      const piece = [pieces[next(pieces.length)] ?? '.', 'a'];
      return next(5) === 0 ? piece : [...rest('12 × 12 =', line), '\n', ...piece];
    };
    let values = 0;
    for (let round = 0; round < 200; round += 1) {
      const budgetTokens = next(60);
      const computeTokens = next(20);
      const contextLength = 60 + next(120);
      const stopAt = next(3) === 0 ? next(40) : Number.POSITIVE_INFINITY;
      const { row, computed, end } = finish(writes, {
        thinking: { budgetTokens, computeTokens },
        contextLength,
        answer: { maxTokens: 1 + next(8) },
        interrupted: (text) => (text.length >= stopAt ? 'user' : undefined),
      });
      values += computed.length;
      expect(end.usage.thinkingTokens).toBeLessThanOrEqual(budgetTokens);
      expect(computed.flatMap(({ tokenIds }) => tokenIds).length).toBeLessThanOrEqual(computeTokens);
      expect(row.ids.length).toBeLessThanOrEqual(row.need);
      expect(row.need).toBeLessThanOrEqual(contextLength);
    }
    expect(values).toBeGreaterThan(20);
  });
});

describe('an equals sign that is still open', () => {
  it('at the end of a given thought has its value at once', () => {
    const { computed, text } = finish((said) => (said.endsWith('=') ? [' 5'] : []), {
      thinking: { prefix: [{ text: 'First.\n12 × 12 =' }] },
    });
    expect(computed).toMatchObject([{ text: ' 144', expression: '12 × 12' }]);
    expect(text.startsWith('First.\n12 × 12 = 144')).toBe(true);
  });

  test.each(['12 × 12 = 1', '12 × 12 = ', '12 × 12 ==', '```\n12 × 12 ='])('not after %j', (given) => {
    expect(finish(() => [], { thinking: { prefix: [{ text: given }] } }).computed).toEqual([]);
  });

  it('at the budget, or as the user wants the answer, has its value before the hand-over', () => {
    const sum = (text: string) => [...rest('2 + 2 =', text), '\n'];
    const tokens = model.tokenizer.encode('2 + 2 =').length;
    const atBudget = finish(sum, { thinking: { budgetTokens: tokens } });
    const asked = finish(sum, { interrupted: (text) => (text.endsWith('=') ? 'user' : undefined) });
    for (const { thought, end } of [atBudget, asked]) {
      expect(thought).toBe(`2 + 2 = 4${model.family.handOver}`);
      expect(end.usage.thinkingTokens).toBe(tokens);
    }
    expect([atBudget, asked].map(({ end }) => end.thinkingStop)).toEqual(['budget', 'user']);
    const nothingLeft = finish(() => [], { thinking: { budgetTokens: 0, prefix: [{ text: '2 + 2 =' }] } });
    expect(nothingLeft.thought).toBe(` 4${model.family.handOver}`);
  });

  test.each([
    ['1 MB', `${'1 + '.repeat(250_000)}1`],
    ['10,000 brackets', `${'('.repeat(10_000)}1 + 1${')'.repeat(10_000)}`],
    ['a tower', '9^9^9'],
    ['NUL', '2 +\0 2'],
    ['an open string', 'letters("abc'],
    ['quotes that don’t match', `count("a', 'b")`],
    ['nested calls', `${'max('.repeat(500)}1${')'.repeat(500)}`],
  ])('of %s: nothing is fed, and the thought goes on', (_name, expression) => {
    const { computed, thought } = finish((text) => (text.endsWith('=') ? [' nothing'] : []), {
      thinking: { prefix: [{ text: `${expression} =` }] },
    });
    expect(computed).toEqual([]);
    expect(thought.startsWith(' nothing')).toBe(true);
  });
});

describe('the loop breaker', () => {
  it('takes a long value of one letter for no loop', () => {
    const call = `letters("${'a'.repeat(60)}") =`;
    const { end, computed } = finish(
      (text) => {
        return text.endsWith('-a') ? ['.'] : rest(call, text);
      },
      { thinking: { budgetTokens: 200, computeTokens: 200 } },
    );
    expect(computed[0]?.tokenIds.length).toBeGreaterThan(64);
    expect(end.thinkingStop).toBe('natural');
  });

  it('sees the values between what is the same: counting on is no loop, the same sum again and again is one', () => {
    // 1 + 1 = 2 + 1 = 3 + 1 = …
    const counting = (text: string) => {
      if (text === '') return ['1'];
      if (text.endsWith(' +')) return [' '];
      if (text.endsWith('+ ')) return ['1'];
      return text.endsWith('+ 1') ? [' ='] : [' +'];
    };
    const on = finish(counting, { thinking: { budgetTokens: 150, computeTokens: 400 } });
    expect(on.end.thinkingStop).toBe('budget');
    expect(on.computed.length).toBeGreaterThan(30);
    const same = finish(
      (text) => {
        const line = text.slice(text.lastIndexOf('\n') + 1);
        return [...rest('2 + 2 =', line), '\n'];
      },
      { thinking: { budgetTokens: 400, computeTokens: 400 } },
    );
    expect(same.end.thinkingStop).toBe('loop');
  });
});

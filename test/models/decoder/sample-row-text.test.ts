import { beforeAll, describe, expect, it } from 'vitest';
import { createSampleRow } from '../../../src/models/decoder/sample-row.ts';
import { plain } from '../../../src/models/families/plain.ts';
import type { GenerateRequest, ModelEvent } from '../../../src/models/language-model.ts';
import { createLoopBreaker } from '../../../src/models/loop-breaker.ts';
import type { Sampler } from '../../../src/models/sampler.ts';
import { familyTokens } from '../../../src/models/transformers/family-tokens.ts';
import { loadModelFolder, type ModelFolder } from '../../../src/models/transformers/model-folder.ts';
import { createRowBans } from '../../../src/models/transformers/row-bans.ts';

let embedded: ModelFolder;
let untagged: ModelFolder;
let forRow: ReturnType<typeof createRowBans>['forRow'];
beforeAll(async () => {
  embedded = await loadModelFolder('models/thinkfirst-135m');
  const tokens = familyTokens({ name: 'x', family: plain, tokenizer: embedded.tokenizer, endTokenIds: [2] });
  untagged = { ...embedded, family: plain, tokens };
  forRow = createRowBans(embedded).forRow;
});

type Run = { model?: ModelFolder; request?: Partial<GenerateRequest>; budget?: number; contextLength?: number };

/** Runs a row whose model would say `text`; what is banned at its place is passed over. */
function say(text: string, { model = embedded, request = {}, budget = 100, contextLength = 8192 }: Run = {}) {
  const said = model.tokenizer.encode(text);
  const sampler: Sampler = {
    next(_logits, { banned }) {
      let token = said.shift() ?? 2;
      while (banned?.includes(token) && said.length > 0) token = said.shift() ?? 2;
      return { token, logprob: -0.5, selfCertainty: 3 };
    },
  };
  const events: ModelEvent[] = [];
  const tools = (request.prompt?.tools?.length ?? 0) > 0;
  const row = createSampleRow({
    model,
    contextLength,
    request: {
      prompt: { messages: [{ role: 'user', content: 'Q' }] },
      samples: 1,
      thinking: { budgetTokens: budget },
      answer: { maxTokens: 50 },
      sampling: { temperature: 0 },
      deterministic: true,
      ...request,
    },
    sample: 0,
    prompt: { ids: [1, 2, 3], inputTokens: 3, fed: 0, thinking: budget > 0, answerBegun: false },
    loopBreaker: createLoopBreaker(),
    sampler,
    bans: forRow({ tools }),
    purse: { left: budget },
    interrupted: () => undefined,
    emit: (event) => events.push(event),
    onFinish() {},
    onFail(error) {
      throw error;
    },
  });
  row.onCached(0);
  for (let step = 0; !row.finished && step < 500; step++) row.onLogits(new Float32Array());
  const textOf = (type: 'thinking-delta' | 'answer-delta') =>
    events.map((event) => (event.type === type ? event.text : '')).join('');
  const finish = events.find((event) => event.type === 'finish');
  return { events, row, thought: textOf('thinking-delta'), answer: textOf('answer-delta'), finish };
}

describe('sample row with the embedded tokenizer', () => {
  it('closes a thought by its tag and feeds what stands before the answer', () => {
    const { row, answer, finish } = say('2 and 2.\n</think>The answer is 4.<|im_end|>');
    expect(answer).toBe('The answer is 4.');
    expect(finish).toMatchObject({ thinkingStop: 'natural', reason: 'stop', usage: { forcedTokens: 2 } });
    expect(embedded.tokenizer.decode(row.ids.slice(3))).toBe('2 and 2.\n\n\nThe answer is 4.');
  });

  it('opens no second thought and no tool call within a thought', () => {
    const { row, finish } = say('a<think>b<tool_call>c</think>Yes.<|im_end|>');
    expect(row.ids.filter((id) => id === embedded.tokens.open || id === embedded.tokens.toolCallOpen)).toEqual([]);
    expect(finish).toMatchObject({ usage: { thinkingTokens: 3 } });
  });

  it('closes a thought that ended without its tag', () => {
    const { row, answer, finish } = say('2 and 2.<|im_end|>Four.<|im_end|>');
    expect(answer).toBe('Four.');
    expect(row.ids).toContain(embedded.tokens.close);
    expect(finish).toMatchObject({ thinkingStop: 'natural' });
  });

  it('finds the marker of a family without tags, and feeds it at the budget', () => {
    const found = say('I add.\nFinal answer: 4<|im_end|>', { model: untagged });
    expect(found.answer).toBe('4');
    expect(found.finish).toMatchObject({ thinkingStop: 'natural' });
    const fed = say('I add and add and add', { model: untagged, budget: 3 });
    expect(fed.thought).toContain('I have thought long enough');
    expect(fed.finish).toMatchObject({ thinkingStop: 'budget', usage: { thinkingTokens: 3 } });
    expect(untagged.tokenizer.decode(fed.row.ids)).toContain('Final answer:');
  });

  it('gives a tool call whole, and as text what is none', () => {
    const prompt = { messages: [{ role: 'user' as const, content: 'Q' }], tools: [{ name: 'f' }] };
    const call = say('<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call><|im_end|>', {
      budget: 0,
      request: { prompt },
    });
    expect(call.events).toContainEqual({ type: 'tool-call', sample: 0, name: 'f', arguments: '{"x":1}' });
    expect(call).toMatchObject({ answer: '', finish: { reason: 'tool-calls' } });
    const broken = say('<tool_call>{"name": 5}</tool_call><|im_end|>', { budget: 0, request: { prompt } });
    expect(broken).toMatchObject({ answer: '{"name": 5}', finish: { reason: 'stop' } });
  });

  it('has no tool call without tools, and no end or blank before there is text', () => {
    const { answer, events } = say('<|im_end|>\n\n<tool_call>Yes.<|im_end|>', { budget: 0 });
    expect(answer).toBe('Yes.');
    expect(events.some(({ type }) => type === 'tool-call')).toBe(false);
  });

  it('goes on thinking below the minimum, a bounded number of times', () => {
    const request = { thinking: { budgetTokens: 100, minimumTokens: 40 } };
    const { finish, thought } = say('One.</think></think></think>Two.</think>', { request });
    expect(thought.match(/Wait/g)?.length).toBeGreaterThanOrEqual(3);
    expect(finish).toMatchObject({ thinkingStop: 'natural' });
  });

  it("keeps the answer's reserve when the context is short", () => {
    const contextLength = 3 + 5 + embedded.tokens.handOver.length + 10;
    const text = 'a b c d e f g h i j k l m n o p q r s t u v w x y z';
    const { finish, row } = say(text, { contextLength, request: { answer: { maxTokens: 10 } } });
    expect(finish).toMatchObject({
      thinkingStop: 'budget',
      usage: { thinkingTokens: 5, answerTokens: 10 },
      reason: 'length',
    });
    expect(row.ids.length).toBeLessThanOrEqual(contextLength);
  });

  it('means its scores over sampled tokens', () => {
    expect(say('Hm.</think>Yes.<|im_end|>').finish).toMatchObject({
      scores: { thinkingMeanLogprob: -0.5, answerMeanLogprob: -0.5, selfCertainty: 3 },
    });
  });
});

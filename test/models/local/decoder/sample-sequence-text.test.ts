import { beforeAll, describe, expect, it } from 'vitest';
import type { GenerateRequest, ModelEvent } from '../../../../src/core/language-model.ts';
import { createThoughtRepetition } from '../../../../src/core/thought-repetition.ts';
import { createThinkingBudget } from '../../../../src/core/token-ledger.ts';
import type { GrammarMatcher } from '../../../../src/grammar/grammar-matcher.ts';
import { plain } from '../../../../src/models/families/plain.ts';
import { createFolderGrammar } from '../../../../src/models/local/decoder/decoder-model.ts';
import { createSampleSequence } from '../../../../src/models/local/decoder/sample-sequence.ts';
import { createSuppressedTokens } from '../../../../src/models/local/decoder/token-masks.ts';
import { familyTokens } from '../../../../src/models/local/folder/family-tokens.ts';
import { loadModelFolder, type ModelFolder } from '../../../../src/models/local/folder/model-folder.ts';
import type { Sampler } from '../../../../src/models/local/sampler.ts';

let embedded: ModelFolder;
let untagged: ModelFolder;
let forSequence: ReturnType<typeof createSuppressedTokens>['forSequence'];
beforeAll(async () => {
  embedded = await loadModelFolder('models/thinkfirst-135m');
  const tokens = familyTokens({ name: 'x', family: plain, tokenizer: embedded.tokenizer, endTokenIds: [2] });
  untagged = { ...embedded, family: plain, tokens };
  forSequence = createSuppressedTokens(embedded).forSequence;
});

type Run = {
  model?: ModelFolder;
  request?: Partial<GenerateRequest>;
  budget?: number;
  contextLength?: number;
  /** Of the answer, from an earlier call. */
  begun?: readonly number[];
  matcher?: GrammarMatcher | undefined;
  /** Its tokens, instead of those of the text. */
  said?: number[];
};

it('finds blanks and numbers as if every token had been decoded', () => {
  const tokenizer = { ...embedded.tokenizer, spellingOf: () => undefined };
  const decoded = createSuppressedTokens({ ...embedded, tokenizer });
  for (const tools of [true, false]) expect(forSequence({ tools })).toEqual(decoded.forSequence({ tools }));
  expect(forSequence({ tools: true }).thoughtBehindValue.length).toBeGreaterThan(10);
});

/** Runs a row whose model would say `text`; what is not allowed at its place is passed over. */
function say(text: string, run: Run = {}) {
  const { model = embedded, request = {}, budget = 100, contextLength = 8192, begun = [], matcher } = run;
  const said = run.said ?? model.tokenizer.encode(text);
  const sampler: Sampler = {
    needs: [],
    next(_logits, { suppressed, mask }) {
      const allows = (id: number) =>
        !suppressed?.includes(id) && (mask === undefined || ((mask[id >>> 5] ?? 0) & (1 << (id & 31))) !== 0);
      let token = said.shift() ?? 2;
      while (!allows(token) && said.length > 0) token = said.shift() ?? 2;
      return { token, logprob: -0.5, selfCertainty: 3 };
    },
  };
  const events: ModelEvent[] = [];
  const tools = (request.prompt?.tools?.length ?? 0) > 0;
  const row = createSampleSequence({
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
    matcher,
    prompt: {
      ids: [1, 2, 3, ...begun],
      inputTokens: 3 + begun.length,
      own: 0,
      fed: 0,
      thinking: budget > 0,
      answerBegun: begun.length > 0,
      answerIds: begun,
    },
    repetition: createThoughtRepetition(),
    sampler,
    suppressed: forSequence({ tools }),
    budget: createThinkingBudget(budget),
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

  it('takes the marker in the middle of a line for a word of the thought', () => {
    const said = 'I must begin a new line with the words Final answer: and then give the number to the user. So:';
    const { thought, answer } = say(`${said}\nFinal answer: 4<|im_end|>`, { model: untagged });
    expect(thought).toBe(`${said}\nFinal answer:`);
    expect(answer).toBe('4');
    // The line had begun in an earlier call.
    const request = { thinking: { budgetTokens: 100, prefix: [{ text: 'I write' }] } };
    expect(say(' Final answer: here.\nFinal answer: 5<|im_end|>', { model: untagged, request }).answer).toBe('5');
  });

  it('continues behind a marker that comes before the minimum', () => {
    const request = { thinking: { budgetTokens: 100, minimumTokens: 12 } };
    const said = 'Easy.\nFinal answer: 4, or is it five?\nFinal answer: 5<|im_end|>';
    const { thought, answer, finish } = say(said, { model: untagged, request });
    expect(thought).toBe('Easy.\nFinal answer:\nWait, 4, or is it five?\nFinal answer:');
    expect(answer).toBe('5');
    expect(finish).toMatchObject({ thinkingStop: 'natural' });
  });

  it('lets a constraint go on from the answer that has begun', async () => {
    const grammar = createFolderGrammar(embedded);
    const compiled = await grammar?.compile({ type: 'choice', choices: ['The sum is 42.', 'The sum is 7.'] });
    const begun = embedded.tokenizer.encode('The sum');
    const { answer, finish } = say(' is 42.<|im_end|>', { budget: 0, begun, matcher: compiled?.createMatcher() });
    expect(answer).toBe(' is 42.');
    expect(finish).toMatchObject({ reason: 'stop' });
    const other = embedded.tokenizer.encode('No sum');
    expect(() => say('', { budget: 0, begun: other, matcher: compiled?.createMatcher() })).toThrow(
      /already starts with text/,
    );
  });

  it('keeps the blanks that a choice begins with', async () => {
    const constraint = { type: 'choice' as const, choices: [' yes', ' no'] };
    const compiled = await createFolderGrammar(embedded)?.compile(constraint);
    const request = { answer: { maxTokens: 50, constraint } };
    const { answer } = say(' yes<|im_end|>', { budget: 0, request, matcher: compiled?.createMatcher() });
    expect(answer).toBe(' yes');
  });

  it('tells the bytes of a token that is a piece of a character', () => {
    const { events, answer } = say('🧮<|im_end|>', { budget: 0 });
    const pieces = events.flatMap((event) => (event.type === 'answer-delta' ? event.logprobs : []));
    expect(answer).toBe('🧮');
    expect(pieces.length).toBeGreaterThan(1);
    expect(Buffer.from(pieces.flatMap(({ bytes }) => [...(bytes ?? [])])).toString()).toBe('🧮');
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

  it('begins with a space that is a token of its own before a number, but with no more of them', () => {
    // In this vocabulary, ` 7` is a space and a digit.
    expect(embedded.tokenizer.encode(' 7')).toHaveLength(2);
    const { answer, finish } = say(' 7<|im_end|>', { budget: 0 });
    expect(answer).toBe('7');
    expect(finish).toMatchObject({ reason: 'stop', usage: { answerTokens: 2 } });
    const [space = 0] = embedded.tokenizer.encode(' 7');
    expect(say(` 7${' '.repeat(3)}`, { budget: 0, request: { answer: { maxTokens: 1 } } }).answer).toBe('7');
    const spaces = [space, space, ...embedded.tokenizer.encode('Yes.<|im_end|>')];
    expect(say('', { budget: 0, said: spaces })).toMatchObject({ answer: 'Yes.', finish: { reason: 'stop' } });
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

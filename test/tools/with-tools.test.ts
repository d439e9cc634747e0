import { describe, expect, it } from 'vitest';
import type { GenerateRequest, ModelEvent } from '../../src/core/language-model.ts';
import { checkTogether, joinTools } from '../../src/tools/call-tools.ts';
import { withTools } from '../../src/tools/with-tools.ts';
import { createScriptedModel, type Script } from '../support/scripted-language-model.ts';
import { codeCall, createScriptedTool, type ScriptedToolOptions } from '../support/scripted-tool.ts';

function setUp(script: Script, { mostCalls = 8, ...options }: ScriptedToolOptions & { mostCalls?: number } = {}) {
  const scripted = createScriptedTool(options);
  const model = createScriptedModel({ script });
  let ids = 0;
  const tools = joinTools([scripted.open]);
  const wrapped = withTools(model, { tools, mostCalls, newId: () => `call_${ids++}` });
  const request = (patch: Partial<GenerateRequest> = {}): GenerateRequest => ({
    prompt: {
      messages: [{ role: 'user', content: 'What is 6 * 7?' }],
      tools: tools.functions.map(({ name, description = '' }) => ({ name, description })),
    },
    samples: 1,
    thinking: { budgetTokens: 40 },
    answer: { maxTokens: 20 },
    sampling: { seed: 1 },
    deterministic: true,
    ...patch,
  });
  const signal = new AbortController().signal;
  const run = async (patch: Partial<GenerateRequest> = {}) => {
    const events: ModelEvent[] = [];
    for await (const event of wrapped.generate(request(patch), { signal })) events.push(event);
    return events;
  };
  return { ...scripted, model, wrapped, request, run };
}

/** Calls the tool `times` times, then answers with the last result. */
function callsThenAnswers(times: number, thought = 'let me compute'): Script {
  return ({ request }) => {
    const results = request.prompt.messages.filter(({ role }) => role === 'tool');
    if (results.length >= times) return { thought: 'so', answer: `It is ${results.at(-1)?.content}` };
    return { thought, answer: '', toolCalls: [codeCall(`step ${results.length + 1}`)] };
  };
}

const text = (events: readonly ModelEvent[], type: 'thinking-delta' | 'answer-delta') =>
  events.map((event) => (event.type === type ? event.text : '')).join('');
const finish = (events: readonly ModelEvent[]) => {
  const last = events.at(-1);
  if (last?.type !== 'finish') throw new Error('no finish at the end');
  return last;
};

describe('a chain that calls tools of the service', () => {
  it('makes the call, reads the result and goes on to the answer, as one sample', async () => {
    const { run, model, calls } = setUp(callsThenAnswers(2));
    const events = await run();
    expect(calls()).toEqual(['step 1', 'step 2']);
    expect(text(events, 'answer-delta')).toBe('It is 2: step 2');
    expect(text(events, 'thinking-delta')).toBe('let me compute\n\nlet me compute\n\nso');
    expect(events.filter(({ type }) => type === 'finish')).toHaveLength(1);
    expect(model.calls.at(-1)?.prompt.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: '',
        thought: 'let me compute',
        toolCalls: [{ id: 'call_0', ...codeCall('step 1') }],
      },
      { role: 'tool', content: '1: step 1', toolCallId: 'call_0' },
      {
        role: 'assistant',
        content: '',
        thought: 'let me compute',
        toolCalls: [{ id: 'call_1', ...codeCall('step 2') }],
      },
      { role: 'tool', content: '2: step 2', toolCallId: 'call_1' },
    ]);
  });

  it('counts thoughts and calls as thinking, results as input, and the prompt once', async () => {
    const { run, model } = setUp(callsThenAnswers(1));
    const { usage } = finish(await run());
    // Three words and a call, then one word; an answer of five words.
    expect(usage).toMatchObject({ thinkingTokens: 5, answerTokens: 5, forcedTokens: 0 });
    const [first] = model.calls;
    expect(usage.inputTokens).toBeGreaterThan(0);
    expect(usage.toolTokens).toBeGreaterThan(0);
    expect(first?.prompt.messages).toHaveLength(1);
  });

  it('never thinks beyond the budget, however often it calls', async () => {
    const { run } = setUp(callsThenAnswers(50, 'one two three four five'), { mostCalls: 50 });
    const { usage } = finish(await run({ samples: 2, thinking: { budgetTokens: 41 } }));
    const events = await run({ samples: 2, thinking: { budgetTokens: 41 } });
    const total = events.reduce((sum, event) => sum + (event.type === 'finish' ? event.usage.thinkingTokens : 0), 0);
    expect(total).toBeLessThanOrEqual(41);
    expect(usage.thinkingTokens).toBeLessThanOrEqual(20);
  });

  it('stops calling at the number of calls that the request allows', async () => {
    const { run, calls } = setUp(callsThenAnswers(9), { mostCalls: 2 });
    const events = await run();
    expect(calls()).toHaveLength(2);
    expect(finish(events).reason).not.toBe('tool-calls');
  });

  it('makes a call only when its start has been read', async () => {
    const { wrapped, request, calls } = setUp(callsThenAnswers(1));
    const events = wrapped.generate(request(), { signal: new AbortController().signal })[Symbol.asyncIterator]();
    for (;;) {
      const next = await events.next();
      if (next.done) throw new Error('no start');
      if (next.value.type === 'tool-start') break;
    }
    expect(calls()).toEqual([]);
    await events.return?.();
    expect(calls()).toEqual([]);
  });

  it('gives each chain a session of its own, ended with the sample', async () => {
    const { run, sessions, closed } = setUp(callsThenAnswers(2));
    await run({ samples: 3, thinking: { budgetTokens: 120 } });
    expect(sessions).toEqual(Array.from({ length: 3 }, () => ['step 1', 'step 2']));
    expect(closed()).toBe(3);
  });

  it('ends the session of a chain with the chain: another one may wait for its place', async () => {
    const { wrapped, request, closed } = setUp(callsThenAnswers(2));
    let finished = 0;
    const asked = request({ samples: 3, thinking: { budgetTokens: 120 } });
    for await (const event of wrapped.generate(asked, { signal: new AbortController().signal })) {
      if (event.type !== 'finish') continue;
      finished += 1;
      expect(closed()).toBeGreaterThanOrEqual(finished);
    }
    expect(finished).toBe(3);
  });

  it('draws the turns of different chains from different streams', async () => {
    const { run, model } = setUp(callsThenAnswers(2));
    await run({ samples: 3, thinking: { budgetTokens: 120 } });
    const seeds = model.calls.slice(1).map(({ sampling }) => sampling.seed);
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('leaves calls of the client to the client', async () => {
    const { run, calls } = setUp(() => ({ answer: '', toolCalls: [{ name: 'weather', arguments: '{}' }] }));
    const events = await run();
    expect(calls()).toEqual([]);
    expect(events.filter(({ type }) => type === 'tool-call')).toHaveLength(1);
    expect(finish(events).reason).toBe('tool-calls');
  });

  it('reads a text that is no JSON as the one text that the tool takes', async () => {
    const { run, calls } = setUp(({ request }) =>
      request.prompt.messages.length > 1
        ? { answer: 'done' }
        : { answer: '', toolCalls: [{ name: 'python', arguments: 'print(1)' }] },
    );
    await run({
      prompt: { messages: [{ role: 'user', content: 'x' }], tools: [{ name: 'python' }] },
    });
    expect(calls()).toEqual(['print(1)']);
  });

  it.each([
    ['as JSON', (json: string) => json],
    ['in a fence', (json: string) => `\`\`\`json\n${json}\n\`\`\``],
    ['in tags', (json: string) => `<tool_call>\n${json}\n</tool_call>`],
  ])('makes a call that is written %s instead of an answer', async (_how, write) => {
    const { run, calls } = setUp(({ request }) =>
      request.prompt.messages.length > 1
        ? { answer: 'done' }
        : { answer: write('{"name": "python", "arguments": {"code": "print(2)"}}') },
    );
    expect(text(await run(), 'answer-delta')).toBe('done');
    expect(calls()).toEqual(['print(2)']);
  });

  it('tells the model of a call that failed, and goes on', async () => {
    const { run } = setUp(callsThenAnswers(1), {
      answer: () => {
        throw new Error('secret path /home/x');
      },
    });
    const events = await run();
    expect(events.find(({ type }) => type === 'tool-result')).toMatchObject({ isError: true });
    expect(text(events, 'answer-delta')).toBe('It is The call failed inside the service.');
  });

  it('shortens a result that does not fit the context', async () => {
    const { run, model } = setUp(
      ({ request }) =>
        request.prompt.messages.length > 1 ? { answer: 'done' } : { answer: '', toolCalls: [codeCall('x')] },
      { answer: () => ({ output: 'word '.repeat(12_000), isError: false, durationMs: 1 }) },
    );
    expect(text(await run(), 'answer-delta')).toBe('done');
    expect(model.calls.at(-1)?.prompt.messages.at(-1)?.content).toContain('the rest was left out');
  });

  it('gives what it has when it is cut', async () => {
    const stop = new AbortController();
    const { wrapped, request } = setUp(callsThenAnswers(1), {
      answer: (_code, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of wrapped.generate(request(), { signal: stop.signal })) {
        seen.push(event.type);
        if (event.type === 'tool-start') setImmediate(() => stop.abort(new Error('cut')));
      }
    })();
    await expect(reading).rejects.toThrow('cut');
    expect(seen.at(-1)).toBe('tool-start');
  });
});

describe('a chain that an earlier attempt had begun', () => {
  const made = (index: number, result?: { output: string; isError: boolean }) => ({
    id: `old_${index}`,
    ...codeCall(`step ${index}`),
    turn: index - 1,
    thought: 'old thought',
    text: '',
    ...(result && { result }),
  });

  it('goes on behind its finished calls, which are repeated only in a new session that depends on them', async () => {
    const { run, calls, model } = setUp(callsThenAnswers(2));
    const events = await run({ made: [[made(1, { output: 'kept', isError: false })]] });
    expect(calls()).toEqual(['step 1', 'step 2']);
    expect(model.calls[0]?.prompt.messages.find(({ role }) => role === 'tool')?.content).toBe('kept');
    expect(events.filter(({ type }) => type === 'tool-result')).toHaveLength(1);
  });

  it('repeats no finished call of a tool without state', async () => {
    const { run, calls } = setUp(callsThenAnswers(2), { stateful: false });
    await run({ made: [[made(1, { output: 'kept', isError: false })]] });
    expect(calls()).toEqual(['step 2']);
  });

  it('repeats an interrupted call that is pure, behind the finished ones', async () => {
    const { run, calls } = setUp(callsThenAnswers(2));
    const events = await run({ made: [[made(1, { output: 'kept', isError: false }), made(2)]] });
    expect(calls()).toEqual(['step 1', 'step 2']);
    expect(events.find(({ type }) => type === 'tool-result')).toMatchObject({ call: { id: 'old_2' }, isError: false });
  });

  it('does not repeat an interrupted call that is not pure, and says so to the model', async () => {
    const { run, calls, model } = setUp(callsThenAnswers(1), { pure: false, stateful: false });
    const events = await run({ made: [[made(1)]] });
    expect(calls()).toEqual([]);
    expect(events[0]).toMatchObject({ type: 'tool-result', call: { id: 'old_1' }, isError: true });
    expect(model.calls[0]?.prompt.messages.at(-1)?.content).toContain('interrupted');
  });
});

describe('the tools of a response together', () => {
  it('may have 400,000 characters of names, descriptions and schemas', () => {
    const [one] = createScriptedTool().open.functions;
    if (one === undefined) throw new Error('no function');
    const many = (characters: number) =>
      ['a', 'b'].map((name) => ({ ...one, name, description: 'x'.repeat(characters) }));
    expect(() => checkTogether(many(199_000), [])).not.toThrow();
    expect(() => checkTogether(many(200_000), [])).toThrow(/more than 400000 characters together/);
  });
});

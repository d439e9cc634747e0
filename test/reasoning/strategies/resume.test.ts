import { describe, expect, it } from 'vitest';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import { createTestModel, type Script, tokens } from '../../support/scripted-model.ts';
import { type ContextPatch, runStrategy } from '../../support/strategy-run.ts';

const four = { thought: 'So it is 4.', answer: 'The answer is 4.' };
const long = { thought: 'Once.', answer: 'Once upon a time there was a fox that ran, and a hen that did not.' };

type Scenario = { script: Script | Script[]; stopText?: string; postCheck?: () => Promise<unknown> } & Omit<
  ContextPatch,
  'model'
>;

const scenarios: Record<string, Scenario> = {
  'was cut': { script: long, question: 'Write a story.', answer: { maxTokens: 6 } },
  'ended at a stop text': { script: long, stopText: 'fox', question: 'Write a story.' },
  'a slow check found wrong': {
    script: four,
    checks: [{ type: 'webhook', url: 'https://example.com/check' }],
    effective: { samples: 3, max_revisions: 0 },
    postCheck: async () => ({ verdict: 'fail' }),
  },
  'chains agreed on': { script: four, checks: [] },
};

function scriptOf(script: Scenario['script'], number: number): Script {
  return Array.isArray(script) ? (script[number] ?? four) : script;
}

/** The samples say what the script says, and its last event names the stop text. */
function modelOf({ script, stopText }: Scenario) {
  const model = createTestModel({ script: (_request, sample, call) => scriptOf(script, sample + call) });
  return {
    ...model,
    async *generate(...given: Parameters<typeof model.generate>) {
      for await (const event of model.generate(...given))
        yield event.type === 'finish' && stopText !== undefined ? { ...event, stopText } : event;
    },
  };
}

const told = ({
  answer,
  outcome: { verdict, incomplete, stopText, thinkingStop },
}: Awaited<ReturnType<typeof run>>) => ({
  answer,
  verdict,
  incomplete,
  stopText,
  thinkingStop,
});

function run({ script, stopText, postCheck, ...given }: Scenario) {
  const model = modelOf({ script, ...(stopText !== undefined && { stopText }) });
  return runStrategy('deliberate', { ...given, model }, postCheck && { postCheck });
}

describe('an attempt that goes on from any step', () => {
  it.each(Object.keys(scenarios))('says the same of an answer that %s', async (name) => {
    const scenario = scenarios[name];
    if (scenario === undefined) throw new Error(name);
    const whole = await run(scenario);
    for (let ended = 1; ended <= whole.steps.length; ended += 1) {
      const finishedSteps = whole.steps.slice(0, ended).toSorted((a, b) => a.index - b.index);
      const resumed = await run({ ...scenario, finishedSteps });
      expect(told(resumed), `after ${ended} steps`).toEqual(told(whole));
    }
  });

  it('puts a wrong line right as the first would have', async () => {
    const given = {
      // Sampled anew, the line would never come right.
      script: { thought: '2 + 2 = 5.\nSo it is 5.', answer: 'The answer is 4.' },
      checks: [{ type: 'arithmetic' }],
      effective: { samples: 1, max_revisions: 1 },
    };
    const whole = await run(given);
    const resumed = await run({ ...given, finishedSteps: whole.steps.slice(0, 1) });
    const repaired = {
      phase: 'revise',
      summary: expect.stringContaining('revised chain'),
      text: expect.stringMatching(/^2 \+ 2 = 4/),
    };
    expect(whole.steps[1]).toMatchObject(repaired);
    expect(resumed.steps[0]).toMatchObject(repaired);
  });

  it('takes a blank answer for none, so that one which a check found wrong stays a guess', async () => {
    const checks = [{ type: 'expected', value: 9 }];
    const effective = { samples: 3, max_revisions: 0 };
    const given = { script: [{ ...four, answer: ' \n' }, four, four], checks, effective };
    const whole = await run(given);
    expect(whole.outcome.verdict?.kind).toBe('unsure');
    expect(told(await run({ ...given, finishedSteps: whole.steps }))).toEqual(told(whole));
  });

  it('keeps a draft that was cut, where no chain came to an answer', async () => {
    const given = { script: [long, { thought: 'Hm.', answer: ' ' }], answer: { maxTokens: 6 }, deadlineAt: 1e12 };
    const whole = await run({ ...given, effective: { samples: 1 } });
    expect(whole.outcome).toMatchObject({ answerSource: 'draft', incomplete: 'max_output_tokens' });
    const resumed = await run({ ...given, effective: { samples: 1 }, finishedSteps: whole.steps });
    expect(told(resumed)).toEqual(told(whole));
  });

  it('draws no chain again that has ended: a wave ends at a gap in the numbers', async () => {
    const given = { checks: [], effective: { samples: 4 }, options: { adaptive: false }, sampling: { seed: 5 } };
    const seen = async (finishedSteps?: TraceStep[]) => {
      const model = createTestModel({ batched: true, script: () => four });
      const { steps } = await runStrategy('self-consistency', {
        ...given,
        model,
        ...(finishedSteps === undefined ? {} : { finishedSteps }),
      });
      return { steps, runs: model.requests.map(({ samples, sampling: { seed } }) => ({ samples, seed })) };
    };
    const whole = await seen();
    expect(whole.runs).toEqual([{ samples: 4, seed: expect.any(Number) }]);
    const ended = whole.steps.filter(({ phase, sample }) => phase === 'think' && (sample === 0 || sample === 2));
    const { runs } = await seen(ended);
    expect(runs.map(({ samples }) => samples)).toEqual([1, 1]);
    expect(new Set([...whole.runs, ...runs].map(({ seed }) => seed)).size).toBe(3);
  });

  it('runs a chain whose stream broke once more, however many attempts there are', async () => {
    const good = createTestModel({ script: () => four });
    const model = {
      ...good,
      async *generate(...given: Parameters<typeof good.generate>) {
        for await (const event of good.generate(...given)) {
          const breaks = event.type === 'finish' && event.sample === 1 && good.requests.length === 1;
          yield breaks ? { ...event, reason: 'fault' as const } : event;
        }
      },
    };
    const given = { checks: [], effective: { samples: 3 }, options: { adaptive: false } };
    const chainsOf = ({ steps }: Awaited<ReturnType<typeof runStrategy>>) =>
      steps.filter(({ phase }) => phase === 'think');
    const whole = await runStrategy('self-consistency', { ...given, model });
    const ended = chainsOf(whole).slice(0, 3);
    expect(ended.map(({ stop_reason }) => stop_reason).sort()).toEqual(['fault', 'natural', 'natural']);
    expect(good.requests.map(({ samples }) => samples)).toEqual([3, 1]);

    const once = createTestModel({ script: () => four });
    const resumed = await runStrategy('self-consistency', { ...given, model: once, finishedSteps: ended });
    expect(once.requests.map(({ samples }) => samples)).toEqual([1]);
    expect(told(resumed)).toEqual(told(whole));
    expect(resumed.outcome.usage).toEqual(whole.outcome.usage);
    expect(resumed.outcome.warnings).toEqual([]);

    const broken = ended.find(({ stop_reason }) => stop_reason === 'fault');
    if (broken === undefined) throw new Error('none broke');
    const finishedSteps = [...ended, { ...broken, index: 9 }];
    const twice = createTestModel({ script: () => four });
    const without = await runStrategy('self-consistency', { ...given, model: twice, finishedSteps });
    expect(twice.requests).toEqual([]);
    expect(without.outcome).toMatchObject({ thinkingStop: 'natural', verdict: { agreement: { agree: 2, of: 2 } } });
    expect(without.outcome.warnings).toMatchObject([{ field: 'reasoning.samples' }]);
  });

  it('warns that log-probabilities which were asked for are not known any more', async () => {
    const given = { script: four, checks: [], answer: { maxTokens: 32, topLogprobs: 2 } };
    const whole = await run(given);
    expect(whole.outcome.warnings.map(({ field }) => field)).not.toContain('top_logprobs');
    const resumed = await run({ ...given, finishedSteps: whole.steps });
    expect(resumed.outcome.warnings.map(({ field }) => field)).toContain('top_logprobs');
  });
});

describe('an answer that goes on from what was shown', () => {
  const [shown, rest] = ['one two three four five six', ' seven eight nine ten'];
  const model = (answer = rest) => createTestModel({ script: () => ({ answer }) });
  const given = { answer: { maxTokens: 8, prefix: [{ text: shown }] }, effective: { budget_tokens: 0 } };

  it.each(['direct', 'budget-forcing', 'deliberate'])(
    'stays within max_output_tokens as a whole (%s)',
    async (name) => {
      const { answer, output, outcome } = await runStrategy(name, { ...given, model: model(), maxOutputTokens: 8 });
      expect(tokens(shown + answer)).toHaveLength(8);
      expect(output).toBe(8);
      expect(outcome).toMatchObject({ incomplete: 'max_output_tokens', usage: { answer: 8, discarded: 0 } });
    },
  );

  it('shows no other words before a call that is made anew', async () => {
    const toolCalls = [{ name: 'add', arguments: '{}' }];
    const other = createTestModel({ script: () => ({ thought: 'Hm.', answer: 'Let me see.', toolCalls }) });
    const answer = { maxTokens: 32, prefix: [{ text: 'I add' }] };
    const { events, answer: more } = await runStrategy('deliberate', { model: other, checks: [], answer });
    expect(more).toBe('');
    expect(events.filter(({ type }) => type === 'tool-call')).toHaveLength(1);
  });

  it('counts what was shown once, also where its step had ended', async () => {
    const first = await runStrategy('direct', { model: model(shown) });
    const { output } = await runStrategy('direct', { ...given, model: model(), finishedSteps: first.steps });
    expect(output).toBe(10);
  });
});

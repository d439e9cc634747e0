import { describe, expect, it } from 'vitest';
import type { RunPython } from '../../../src/reasoning/strategy.ts';
import { createScriptedModel, type Script } from '../../support/scripted-language-model.ts';
import { runStrategy } from '../../support/strategy-run.ts';

const program = (code: string) => `\`\`\`python\n${code}\n\`\`\``;
const isProgram = (text: string | undefined) => text?.includes('Write a short Python program') ?? false;

/** Programs say `codes` in turn, chains `chain`. */
function voters(codes: readonly string[], chain = '7'): Script {
  let next = 0;
  return ({ request }) => {
    const [first] = request.prompt.messages;
    if (!isProgram(first?.content)) return { thought: 'Hm.', answer: `The answer is ${chain}.` };
    const code = codes[next++ % codes.length] ?? '';
    return { thought: 'I compute.', answer: program(code) };
  };
}

/** Prints what the code says; `error` fails. */
function python() {
  const ran: string[] = [];
  const runPython: RunPython = async (code) => {
    ran.push(code);
    const isError = code.includes('error');
    return { output: isError ? 'NameError: error\n' : `working\n${code}\n`, isError, durationMs: 1 };
  };
  return { ran, runPython };
}

const effective = { samples: 4, budget_tokens: 400 };

describe('program-of-thought', () => {
  it('is not without a sample whose stream broke: a program is more than one stream', async () => {
    const { runPython } = python();
    const model = createScriptedModel({ script: voters(['42'], '42') });
    const kept: unknown[] = [];
    const generate: typeof model.generate = (request, options) => {
      kept.push(options.keepsOthers);
      return model.generate(request, options);
    };
    await runStrategy('program-of-thought', { model: { ...model, generate }, effective }, { runPython });
    expect(new Set(kept)).toEqual(new Set([undefined]));
  });

  it('takes the last line of a program’s output as its vote, beside chains', async () => {
    const { ran, runPython } = python();
    const model = createScriptedModel({ script: voters(['42'], '42') });
    const run = await runStrategy('program-of-thought', { model, effective }, { runPython });
    expect(run.answer).toMatch(/42/);
    expect(run.outcome.verdict?.kind).toBe('agreed');
    expect(ran.length).toBeGreaterThan(0);
    expect(run.steps.find(({ phase }) => phase === 'tool')?.call).toMatchObject({ name: 'python', error: false });
    const prompted = model.calls.map(({ prompt }) => isProgram(prompt.messages[0]?.content));
    expect(new Set(prompted)).toEqual(new Set([true, false]));
  });

  it('finds a program that was written in the thought, without anything behind it', async () => {
    const { runPython } = python();
    const script: Script = ({ request }) =>
      isProgram(request.prompt.messages[0]?.content)
        ? { thought: program(request.prompt.messages.length > 1 ? '42' : 'error'), answer: '' }
        : { thought: 'Hm.', answer: '7' };
    const model = createScriptedModel({ script });
    const run = await runStrategy(
      'program-of-thought',
      { model, effective: { ...effective, samples: 1 } },
      { runPython },
    );
    expect(run.answer).toBe('42');
    expect(model.calls.at(-1)?.prompt.messages.at(-2)?.content).toBe(program('error'));
  });

  it('gives an error back once', async () => {
    const { ran, runPython } = python();
    const model = createScriptedModel({ script: voters(['error', '42']) });
    const run = await runStrategy(
      'program-of-thought',
      { model, effective: { ...effective, samples: 1 } },
      { runPython },
    );
    expect(ran).toEqual(['error', '42']);
    expect(run.answer).toBe('42');
    expect(model.calls.at(-1)?.prompt.messages.at(-1)?.content).toContain('NameError: error');
  });

  it('has no vote where the second program fails as well', async () => {
    const { ran, runPython } = python();
    const model = createScriptedModel({ script: voters(['error'], '7') });
    const run = await runStrategy('program-of-thought', { model, effective }, { runPython });
    expect(run.answer).toContain('7');
    expect(ran.length % 2).toBe(0);
  });

  it('stays within the thinking budget, programs included', async () => {
    const { runPython } = python();
    const model = createScriptedModel({ script: voters(['error', 'error 2']) });
    const run = await runStrategy(
      'program-of-thought',
      { model, effective: { samples: 4, budget_tokens: 30 } },
      { runPython },
    );
    expect(run.thinking).toBeLessThanOrEqual(30);
  });

  it('runs chains alone, with a warning, where the answer is held to a format', async () => {
    const { ran, runPython } = python();
    const model = createScriptedModel({ script: voters(['42']), capabilities: { constraints: ['json_object'] } });
    const answer = { maxTokens: 32, constraint: { type: 'json_object' as const } };
    const run = await runStrategy('program-of-thought', { model, effective, answer }, { runPython });
    expect(ran).toEqual([]);
    expect(run.outcome.warnings).toContainEqual(expect.objectContaining({ field: 'reasoning.strategy' }));
  });

  it('runs chains alone, with a warning, where there is no Python', async () => {
    const model = createScriptedModel({ script: voters(['42'], '7') });
    const run = await runStrategy('program-of-thought', { model, effective });
    expect(run.answer).toContain('7');
    expect(run.outcome.warnings).toMatchObject([{ field: 'reasoning.strategy' }]);
  });
});

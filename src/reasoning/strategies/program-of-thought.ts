import { z } from 'zod';
import { codeBlocks } from '../../checks/code-blocks.ts';
import type { ChatMessage, Prompt } from '../../contracts/responses/prompt.ts';
import type {
  GenerateOptions,
  GenerateRequest,
  LanguageModel,
  ModelEvent,
  SampleUsage,
  ServerCall,
} from '../../core/language-model.ts';
import { shareOfSample, withCallAsThought } from '../../core/token-ledger.ts';
import type { Prompts } from '../prompts.ts';
import { questionOf } from '../revision/check-runner.ts';
import { runPlan } from '../run-plan.ts';
import type { RunPython, Strategy, StrategyDependencies } from '../strategy.ts';

const Options = z.object({ samples: z.int().positive().optional().describe('Chains and programs at most.') });

const noPython = {
  field: 'reasoning.strategy',
  message: 'Python is not available on this worker: there were chains only, and no programs.',
};

const noForm = {
  field: 'reasoning.strategy',
  message: 'What a program prints cannot be held to an output format: there were chains only, and no programs.',
};

/**
 * Chains and programs vote together: every other sample, from the first, writes a Python program whose output is its answer
 * (arXiv 2211.12588). A program that fails is written once more with its error.
 */
export function createProgramOfThought(dependencies: StrategyDependencies): Strategy {
  const { runPython, prompts } = dependencies;
  return {
    name: 'program-of-thought',
    description: 'Programs whose output is the answer, and chains of thought, vote together.',
    options: Options,
    async *run(context) {
      const plan = new Set(['vote', 'adaptive'] as const);
      const isHeldToForm = context.answer.constraint !== undefined;
      if (runPython === undefined || isHeldToForm) {
        const outcome = yield* runPlan(context, dependencies, plan);
        return { ...outcome, warnings: [...outcome.warnings, isHeldToForm ? noForm : noPython] };
      }
      const model = withPrograms(context.model, { runPython, prompts, question: questionOf(context) });
      return yield* runPlan({ ...context, model }, dependencies, plan);
    },
  };
}

type Programming = { runPython: RunPython; prompts: Prompts; question: string };

function withPrograms(model: LanguageModel, programming: Programming): LanguageModel {
  let drawn = 0;
  async function* generate(
    request: GenerateRequest,
    // A program is more than one stream, so a sample that breaks ends them all.
    { keepsOthers: _never, ...options }: GenerateOptions,
  ): AsyncGenerator<ModelEvent> {
    const { made: _repeated, ...asked } = request;
    const { thinking } = asked;
    if (thinking === undefined || thinking.prefix !== undefined) {
      yield* model.generate(request, options);
      return;
    }
    const first = drawn;
    drawn += asked.samples;
    const rows = Array.from({ length: asked.samples }, (_, sample) => sample);
    const [programs, chains] = [0, 1].map((rest) => rows.filter((sample) => (first + sample) % 2 === rest));
    const share = shareOfSample(thinking, asked.samples);
    const given = (samples: number): GenerateRequest => ({
      ...asked,
      samples,
      thinking: { ...thinking, budgetTokens: share * samples, perSampleTokens: share },
    });
    for (const sample of programs ?? [])
      yield* runProgram({ model, request: given(1), sample, share, options, programming });
    if (chains === undefined || chains.length === 0) return;
    // They are drawn from other streams than the programs.
    for await (const event of model.generate(given(chains.length), options)) {
      yield { ...event, sample: chains[event.sample] ?? event.sample };
    }
  }
  return { ...model, generate };
}

/** One sample that answers by a program: what it is run with, and the thinking tokens that its programs share. */
type ProgramRun = {
  model: LanguageModel;
  request: GenerateRequest;
  sample: number;
  share: number;
  options: GenerateOptions;
  programming: Programming;
};

/** The program, and one more that is shown its error. */
const mostPrograms = 2;

async function* runProgram(run: ProgramRun): AsyncGenerator<ModelEvent> {
  const { model, request, sample, share, options, programming } = run;
  const { prompts, question, runPython } = programming;
  const { family } = model.capabilities;
  let used: SampleUsage = { inputTokens: 0, cachedTokens: 0, thinkingTokens: 0, forcedTokens: 0, answerTokens: 0 };
  let prompt = asking(request.prompt, prompts.fill('program', { question }, family).text);
  let value = '';
  for (let turn = 0; turn < mostPrograms && value === ''; turn += 1) {
    if (turn > 0 && used.thinkingTokens >= share) break;
    const written: Written = yield* writeProgram(run, { prompt, turn, used });
    used = written.used;
    const code = codeBlocks(written.text).at(-1);
    if (code === undefined) break;
    const call = pythonCall(code, turn);
    yield { type: 'tool-start', sample, call, usage: used };
    const result = await runPython(code, options);
    yield { type: 'tool-result', sample, call, ...result, usage: used };
    if (result.isError) {
      const error = result.output.trimEnd().slice(-mostError);
      prompt = answered(prompt, written.text, prompts.fill('program-error', { error }, family).text);
    } else {
      value = lastLine(result.output);
      if (value === '') break;
    }
  }
  yield* endOfProgram(sample, value, used);
}

/** `text`: where the program is, if there is one. */
type Written = { text: string; used: SampleUsage };

/** A turn in which the model writes a program. The text with the program is part of the sample's thought. */
async function* writeProgram(
  { model, request, sample, share, options }: ProgramRun,
  { prompt, turn, used }: { prompt: Prompt; turn: number; used: SampleUsage },
): AsyncGenerator<ModelEvent, Written, void> {
  const left = share - used.thinkingTokens;
  const { constraint: _form, stop: _stops, prefix: _shown, ...answer } = request.answer;
  const { seed } = request.sampling;
  const asked: GenerateRequest = {
    ...request,
    prompt,
    answer: { ...answer, maxTokens: Math.max(1, answer.maxTokens - used.answerTokens), toolCalls: 'none' },
    sampling: { ...request.sampling, ...(seed === undefined ? {} : { seed: (seed + sample * 2 + turn + 1) >>> 0 }) },
    thinking: { ...request.thinking, budgetTokens: left, perSampleTokens: left },
  };
  let text = '';
  let thought = '';
  let after = used;
  for await (const event of model.generate(asked, options)) {
    if (event.type === 'thinking-delta') {
      thought += event.text;
      yield { ...event, sample };
    } else if (event.type === 'answer-delta') {
      text += event.text;
    } else if (event.type === 'finish') {
      after = withTurn(turn === 0 ? { ...used, ...promptOf(event.usage) } : used, event.usage, left);
    }
  }
  const gap = thought === '' || thought.endsWith('\n') ? '' : '\n';
  yield { type: 'thinking-delta', sample, text: `${gap}${text.trim()}\n`, tokenIds: [], logprobs: [], forced: true };
  // A model that thinks by prompt may write it in its thought, and add nothing.
  return { text: codeBlocks(text).length > 0 ? text : thought, used: after };
}

function promptOf({ inputTokens, cachedTokens }: SampleUsage): Pick<SampleUsage, 'inputTokens' | 'cachedTokens'> {
  return { inputTokens, cachedTokens };
}

function withTurn(used: SampleUsage, turn: SampleUsage, left: number): SampleUsage {
  const more = withCallAsThought(turn, left);
  return {
    ...used,
    thinkingTokens: used.thinkingTokens + more.thinkingTokens,
    forcedTokens: used.forcedTokens + more.forcedTokens,
    answerTokens: used.answerTokens + more.answerTokens,
  };
}

function pythonCall(code: string, turn: number): ServerCall {
  return {
    id: `program_${crypto.randomUUID()}`,
    name: 'python',
    arguments: JSON.stringify({ code }),
    turn,
    thought: '',
    text: '',
  };
}

/** The last events of a sample whose answer is `value`, empty where no program printed one. */
function* endOfProgram(sample: number, value: string, usage: SampleUsage): Generator<ModelEvent, void, void> {
  yield { type: 'thinking-end', sample, reason: 'natural' };
  if (value !== '') yield { type: 'answer-delta', sample, text: value, tokenIds: [], logprobs: [] };
  const reason = value === '' ? 'empty' : 'stop';
  yield { type: 'finish', sample, reason, thinkingStop: 'natural', usage, scores: {} };
}

/** Characters of an error that a model is shown. */
const mostError = 1_000;

function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

/** The prompt with the model's turn and the user turn after it. */
function answered(prompt: Prompt, said: string, then: string): Prompt {
  const turns: ChatMessage[] = [
    { role: 'assistant', content: said },
    { role: 'user', content: then },
  ];
  return { ...prompt, messages: [...prompt.messages, ...turns] };
}

/** The prompt with another text in place of the user's last words. */
function asking(prompt: Prompt, text: string): Prompt {
  const at = prompt.messages.findLastIndex(({ role }) => role === 'user');
  const { tools: _tools, ...rest } = prompt;
  return {
    ...rest,
    messages: prompt.messages.map(
      (message, index): ChatMessage => (index === at ? { role: 'user', content: text } : message),
    ),
  };
}

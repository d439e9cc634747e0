import { z } from 'zod';
import { codeBlocks } from '../../checks/code-blocks.ts';
import type { ChatMessage, Prompt } from '../../contracts/responses/prompt.ts';
import type {
  GenerateOptions,
  GenerateRequest,
  LanguageModel,
  ModelEvent,
  ServerCall,
} from '../../core/language-model.ts';
import { shareOfSample } from '../../core/token-ledger.ts';
import type { Prompts } from '../prompts.ts';
import { questionOf } from '../revision/check-runner.ts';
import { runPlan } from '../run-plan.ts';
import type { RunPython, Strategy, StrategyDependencies } from '../strategy.ts';

const Options = z.object({ samples: z.int().positive().optional().describe('Chains and programs at most.') });

const noPython = {
  field: 'reasoning.strategy',
  message: 'Python is not available on this worker: there were chains only, and no programs.',
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
      if (runPython === undefined) {
        const outcome = yield* runPlan(context, dependencies, plan);
        return { ...outcome, warnings: [...outcome.warnings, noPython] };
      }
      const model = withPrograms(context.model, { runPython, prompts, question: questionOf(context) });
      return yield* runPlan({ ...context, model }, dependencies, plan);
    },
  };
}

type Programming = { runPython: RunPython; prompts: Prompts; question: string };

function withPrograms(model: LanguageModel, programming: Programming): LanguageModel {
  let drawn = 0;
  async function* generate(request: GenerateRequest, options: GenerateOptions): AsyncGenerator<ModelEvent> {
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
      yield* runProgram(model, { request: given(1), sample, share, options, programming });
    if (chains === undefined || chains.length === 0) return;
    // They are drawn from other streams than the programs.
    for await (const event of model.generate(given(chains.length), options)) {
      yield { ...event, sample: chains[event.sample] ?? event.sample };
    }
  }
  return { ...model, generate };
}

async function* runProgram(
  model: LanguageModel,
  {
    request,
    sample,
    share,
    options,
    programming,
  }: { request: GenerateRequest; sample: number; share: number; options: GenerateOptions; programming: Programming },
): AsyncGenerator<ModelEvent> {
  const { prompts, question, runPython } = programming;
  const { family } = model.capabilities;
  const used = { inputTokens: 0, cachedTokens: 0, thinkingTokens: 0, forcedTokens: 0, answerTokens: 0 };
  const { constraint: _form, stop: _stops, prefix: _shown, ...answer } = request.answer;
  let prompt = asking(request.prompt, prompts.fill('program', { question }, family).text);
  let value = '';
  for (let tries = 0; tries < 2 && value === ''; tries += 1) {
    const left = share - used.thinkingTokens;
    const maxTokens = Math.max(1, answer.maxTokens - used.answerTokens);
    if (tries > 0 && left <= 0) break;
    const seed = request.sampling.seed;
    const turn: GenerateRequest = {
      ...request,
      prompt,
      answer: { ...answer, maxTokens, toolCalls: 'none' },
      sampling: { ...request.sampling, ...(seed === undefined ? {} : { seed: (seed + sample * 2 + tries + 1) >>> 0 }) },
      thinking: { ...request.thinking, budgetTokens: left, perSampleTokens: left },
    };
    let text = '';
    let thought = '';
    for await (const event of model.generate(turn, options)) {
      if (event.type === 'thinking-delta') {
        thought += event.text;
        yield { ...event, sample };
      } else if (event.type === 'answer-delta') {
        text += event.text;
      } else if (event.type === 'finish') {
        const { usage } = event;
        if (tries === 0) Object.assign(used, { inputTokens: usage.inputTokens, cachedTokens: usage.cachedTokens });
        // A program is a thought, as far as the budget goes.
        const asThought = Math.max(0, Math.min(usage.answerTokens, left - usage.thinkingTokens));
        used.thinkingTokens += usage.thinkingTokens + asThought;
        used.forcedTokens += usage.forcedTokens;
        used.answerTokens += usage.answerTokens - asThought;
      }
    }
    const gap = thought === '' || thought.endsWith('\n') ? '' : '\n';
    yield { type: 'thinking-delta', sample, text: `${gap}${text.trim()}\n`, tokenIds: [], logprobs: [], forced: true };
    // A model that thinks by prompt may write it in its thought, and have nothing to add.
    const written = codeBlocks(text).length > 0 ? text : thought;
    const code = codeBlocks(written).at(-1);
    if (code === undefined) break;
    const call: ServerCall = {
      id: `program_${crypto.randomUUID()}`,
      name: 'python',
      arguments: JSON.stringify({ code }),
      turn: tries,
      thought: '',
      text: '',
    };
    yield { type: 'tool-start', sample, call, usage: used };
    const result = await runPython(code, options);
    yield { type: 'tool-result', sample, call, ...result, usage: used };
    if (result.isError) {
      const error = result.output.trimEnd().slice(-mostError);
      const again = prompts.fill('program-error', { error }, family).text;
      prompt = {
        ...prompt,
        messages: [...prompt.messages, { role: 'assistant', content: written }, { role: 'user', content: again }],
      };
    } else {
      value = lastLine(result.output);
      if (value === '') break;
    }
  }
  yield { type: 'thinking-end', sample, reason: 'natural' };
  if (value !== '') yield { type: 'answer-delta', sample, text: value, tokenIds: [], logprobs: [] };
  yield {
    type: 'finish',
    sample,
    reason: value === '' ? 'empty' : 'stop',
    thinkingStop: 'natural',
    usage: used,
    scores: {},
  };
}

/** Characters of an error that a model is shown. */
const mostError = 1_000;

function lastLine(output: string): string {
  return output.trimEnd().split('\n').at(-1)?.trim() ?? '';
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

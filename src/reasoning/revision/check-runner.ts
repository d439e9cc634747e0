import type { NormalAnswer } from '../../answers/normal-answer.ts';
import { showAnswer } from '../../answers/normalise.ts';
import type { CheckServices } from '../../checks/check.ts';
import { checks } from '../../checks/index.ts';
import { isReadable } from '../../checks/readable.ts';
import { type CheckOutcome, runChecks } from '../../checks/run-checks.ts';
import type { Prompts, PromptVersion } from '../prompts.ts';
import type { SampleAnswer } from '../sampling/sample.ts';
import type { StrategyContext, StrategyDependencies } from '../strategy.ts';

/** No more wrong lines of a thought than this are counted. */
const mostFailedLines = 8;

type Judged = { thought: string; answer: SampleAnswer; value?: NormalAnswer | undefined };

/** Judges answers and thoughts of one request. */
export type CheckRunner = {
  question: string;
  /** Checks that only compute: they are run even if the answer is wanted now. */
  fast(of: Judged): Promise<CheckOutcome[]>;
  /** How many lines are wrong of a thought that `checks` judged. Each reports only its first, so it is run again with that line blanked. */
  failedLines(of: Judged, checks: readonly CheckOutcome[]): Promise<number>;
  /** Checks that ask a model or the caller's server, with the prompt of the model's verdict; undefined where none is wanted. */
  slow: ((of: Judged) => Promise<{ checks: CheckOutcome[]; prompted: PromptVersion | undefined }>) | undefined;
};

export function createCheckRunner(
  context: StrategyContext,
  dependencies: StrategyDependencies,
  wanted = context.checks,
): CheckRunner {
  const question = questionOf(context);
  const conversation = conversationOf(context);
  const run = async (
    { thought, answer, value }: Judged,
    { only, ...how }: { slow: boolean; services: CheckServices; hurry?: AbortSignal; only?: ReadonlySet<string> },
  ): Promise<CheckOutcome[]> => {
    // A tool call has no text to judge.
    if (answer.toolCalls.length > 0) return [];
    const input = {
      question,
      conversation,
      thought,
      answer: answer.text,
      ...(value === undefined ? {} : { value: showAnswer(value) }),
      ...(context.answer.constraint === undefined ? {} : { constraint: context.answer.constraint }),
    };
    const chosen = only === undefined ? wanted : wanted.filter(({ type }) => only.has(type));
    return await runChecks(chosen, input, { ...how, signal: context.signal });
  };
  const slow = async (of: Judged): Promise<{ checks: CheckOutcome[]; prompted: PromptVersion | undefined }> => {
    let prompted: PromptVersion | undefined;
    const verdict = createVerdict(context, dependencies.prompts, (version) => {
      prompted = version;
    });
    const services: CheckServices = {
      ...(dependencies.postCheck === undefined ? {} : { postCheck: dependencies.postCheck }),
      ...(dependencies.runPython === undefined ? {} : { runPython: dependencies.runPython }),
      ...(context.model.capabilities.score ? { verdict } : {}),
    };
    const checks = await run(of, { slow: true, services, hurry: hurry(context) });
    return { checks, prompted };
  };
  return {
    question,
    fast: (of) => run(of, { slow: false, services: {} }),
    failedLines: (of, checks) =>
      countFailedLines(of, checks, (again, only) => run(again, { slow: false, services: {}, only })),
    slow: wanted.some(({ type }) => checks.get(type)?.slow === true) ? slow : undefined,
  };
}

/** `recheck`: runs some of the checks on a thought, by their names. */
async function countFailedLines(
  of: Judged,
  checks: readonly CheckOutcome[],
  recheck: (of: Judged, only: ReadonlySet<string>) => Promise<CheckOutcome[]>,
): Promise<number> {
  const failures = checks.filter(failsLine);
  const lines = of.thought.split('\n');
  const failed = new Set<number>();
  let next = failures;
  while (next.length > 0 && failed.size < mostFailedLines) {
    const before = failed.size;
    for (const { line } of next) {
      if (line === undefined) continue;
      failed.add(line);
      lines[line] = '';
    }
    if (failed.size === before) break;
    const found = await recheck({ ...of, thought: lines.join('\n') }, new Set(next.map(({ name }) => name)));
    next = found.filter(failsLine);
  }
  return failed.size + failures.filter(({ line }) => line === undefined).length;
}

function failsLine({ judges, verdict }: CheckOutcome): boolean {
  return judges === 'line' && verdict === 'fail';
}

/** The user's last words: what the answer answers. */
export function questionOf(context: Pick<StrategyContext, 'prompt'>): string {
  return context.prompt.messages.findLast((message) => message.role === 'user')?.content ?? '';
}

/** The turns up to the user's last words; the oldest are left out where all together are too long for the checks. */
function conversationOf({ prompt }: Pick<StrategyContext, 'prompt'>): string {
  let text = '';
  for (const { content } of prompt.messages.toReversed()) {
    const longer = text === '' ? content : `${content}\n${text}`;
    if (!isReadable(longer)) break;
    text = longer;
  }
  return text;
}

function hurry({ answerNow, deadline }: StrategyContext): AbortSignal {
  return deadline === undefined ? answerNow : AbortSignal.any([answerNow, deadline]);
}

/** Log-odds of yes against no, asked in the words that the model was fitted on. Scoring decodes no tokens. */
function createVerdict(
  context: StrategyContext,
  prompts: Prompts,
  onPrompt: (version: PromptVersion) => void,
): NonNullable<CheckServices['verdict']> {
  return async (question, answer, { signal }) => {
    const { text, version } = prompts.fill('verdict', { question, answer }, context.model.capabilities.family);
    onPrompt(version);
    const { continuations } = await context.model.score(
      { prompt: { messages: [{ role: 'user', content: text }] }, continuations: ['Yes.', 'No.'] },
      { signal },
    );
    const [yes, no] = continuations;
    return yes === undefined || no === undefined ? undefined : yes.logprob - no.logprob;
  };
}

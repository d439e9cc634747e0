import type { Prompt } from '../contracts/prompt.ts';
import { type Candidate, failedLine, failedValue, isWorse } from './candidate.ts';
import type { Judgement } from './checks/run-checks.ts';
import { type Deliberation, greedy, runJudged, sampled } from './deliberation.ts';
import { showAnswer } from './normalise.ts';
import { rollBack } from './roll-back.ts';
import type { SampleRun } from './run-samples.ts';
import type { StrategyEvent } from './strategy.ts';

/** A revision needs this part of a chain's cap at least: less would only be cut. */
const leastPart = 0.25;

/**
 * Puts a failed chain right, at most `max_revisions` times: cut behind its first wrong line, the family's correction
 * sentence fed, and on from there; where that can't be, the model is told what failed. A revision that fails worse is
 * dropped (arXiv 2404.17140: small models need the verifier).
 */
export async function* revise(deliberation: Deliberation, sample: number): AsyncGenerator<StrategyEvent, void, void> {
  const { candidates, context, budget, cap } = deliberation;
  const before = deliberation.revisions.get(sample) ?? 0;
  for (let made = before; made < context.effective.max_revisions; made += 1) {
    const candidate = candidates.get(sample);
    if (candidate === undefined || deliberation.mustStop() !== undefined) break;
    const plan = planRevision(deliberation, candidate, made);
    if (plan === undefined || budget.thinking(1) < Math.max(1, cap * leastPart) || budget.answer(1) === 0) break;
    yield { type: 'phase', phase: 'revise', step: made + 1, steps: context.effective.max_revisions };
    const [revised] = yield* runJudged(deliberation, {
      ...plan,
      numbers: [sample],
      phase: 'revise',
      thinking: { ...plan.thinking, budgetTokens: Math.min(cap, budget.thinking(1)), perSampleTokens: cap },
      answer: { ...deliberation.answer, maxTokens: Math.max(1, budget.answer(1)) },
      // The first goes the greedy chain's way again; what that did not mend is tried by sampling.
      sampling:
        candidate.greedy && made === 0 ? greedy(context.sampling) : sampled(context, 1000 * (made + 1) + sample),
    });
    deliberation.revisions.set(sample, made + 1);
    if (revised !== undefined && !isWorse(revised, candidate)) candidates.set(sample, revised);
  }
}

type RevisionPlan = Pick<SampleRun, 'prompt' | 'summary' | 'because' | 'prompted'> & {
  thinking: Pick<NonNullable<SampleRun['thinking']>, 'prefix'>;
};

/** Undefined where no check failed, or where nothing can be done about it. */
function planRevision(deliberation: Deliberation, candidate: Candidate, made: number): RevisionPlan | undefined {
  const { context } = deliberation;
  const line = failedLine(candidate.checks);
  const { rollback, correction } = context.model.capabilities;
  if (rollback && correction !== undefined && line?.line !== undefined && line.wrong !== undefined) {
    const prefix = rollBack(candidate.segments, { line: line.line, correction, wrong: line.wrong });
    if (prefix !== undefined) {
      return {
        prompt: candidate.told ?? context.prompt,
        thinking: { prefix },
        summary: made === 0 ? 'Goes back to behind the wrong line.' : 'Goes back once more.',
        because: because(line),
      };
    }
  }
  const failed = failedValue(candidate) ?? line;
  return failed === undefined ? undefined : tellWhatFailed(deliberation, candidate, failed);
}

function tellWhatFailed(deliberation: Deliberation, candidate: Candidate, failed: Judgement): RevisionPlan {
  const { context, dependencies } = deliberation;
  const wrong =
    failed.wrong ?? (candidate.value === undefined ? candidate.answer.text.slice(0, 80) : showAnswer(candidate.value));
  const { text, version } = dependencies.prompts.fill(
    'revise',
    { wrong, reason: sentence(failed.detail) },
    context.model.capabilities.family,
  );
  const prompt: Prompt = {
    ...context.prompt,
    messages: [
      ...context.prompt.messages,
      { role: 'assistant', content: candidate.answer.text },
      { role: 'user', content: text },
    ],
  };
  return {
    prompt,
    thinking: {},
    summary: 'Is told what failed and thinks again.',
    because: because(failed),
    prompted: version,
  };
}

function because(failed: Judgement): string {
  return `${failed.name}: ${failed.detail}`;
}

function sentence(detail: string): string {
  const text = detail.trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

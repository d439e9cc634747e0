import { showAnswer } from '../../answers/normalise.ts';
import { thinkUntil } from '../deadline.ts';
import type { CheckRunner } from '../revision/check-runner.ts';
import { askSlowChecks } from '../revision/slow-checks.ts';
import type { RunState } from '../run-state.ts';
import type { StrategyEvent } from '../strategy.ts';
import { endedByItself } from '../voting/decide.ts';
import { type Candidate, candidateOf, failedLine, failedValue, isWhole, shownChecks } from './candidate.ts';
import type { Chains } from './chains.ts';
import { runSamples, type SampleRun } from './run-samples.ts';
import { isEmptyAnswer, type Sample, thoughtText } from './sample.ts';

/** What samples are judged with: the checks, and the chains that they are compared with. */
export type Judging = { state: RunState; checkRunner: CheckRunner; chains: Chains };

/** Runs samples and the checks that only compute, whose results are on the samples' steps. */
export async function* runJudged(
  judging: Judging,
  run: Omit<SampleRun, 'onSample' | 'settles' | 'stands' | 'hasAnswer'>,
  enough: (found: readonly Candidate[]) => boolean = () => false,
): AsyncGenerator<StrategyEvent, Candidate[], void> {
  const { checkRunner, state, chains } = judging;
  const found: Candidate[] = [];
  const onSample = async (sample: Sample) => {
    const told = run.prompt === state.context.prompt ? {} : { told: run.prompt };
    const { constraint } = run.answer;
    const { greedyFirst } = chains;
    const from = { phase: run.phase, question: checkRunner.question, constraint, checks: [], greedyFirst, ...told };
    const unchecked = candidateOf(sample, from);
    const judged = { thought: thoughtText(sample), answer: sample.answer, value: unchecked.value };
    const checks = await checkRunner.fast(judged);
    const candidate = { ...unchecked, checks, failedLines: await checkRunner.failedLines(judged, checks) };
    found.push(candidate);
    const answer = candidate.value === undefined ? null : showAnswer(candidate.value);
    return { checks: shownChecks(checks), answer, summary: chainSummary(run.phase, candidate) };
  };
  /** A caller's check that confirms an answer ends the thinking, so it runs while the other chains continue. */
  async function* settles({ number }: Sample): AsyncGenerator<StrategyEvent, boolean, void> {
    const at = found.findIndex(({ sample }) => sample === (run.phase === 'draft' ? null : number));
    const candidate = found[at];
    if (candidate === undefined) return false;
    found[at] = yield* askSlowChecks(judging, candidate, [...chains.standing.values(), ...found]);
    return enough(found);
  }
  /** Once a chain has finished, a chain that the budget cuts is not worth its answer's tokens. */
  const stands = () => [...chains.standing.values(), ...found].some(isFinished);
  const hasAnswer = () => [...chains.standing.values()].some(({ origin }) => origin.phase !== 'draft');
  const asChains = run.phase === 'think' ? { stands, hasAnswer } : {};
  yield* runSamples(state, { thinkUntil: thinkUntil(state), ...run, ...asChains, onSample, settles });
  return found.sort((a, b) => (a.sample ?? 0) - (b.sample ?? 0));
}

/** Thought to its end, and answered to its end; no check found its value wrong. */
function isFinished(candidate: Candidate): boolean {
  const { origin, answer } = candidate;
  return (
    origin.phase !== 'draft' &&
    endedByItself(candidate) &&
    isWhole(candidate) &&
    !isEmptyAnswer(answer) &&
    failedValue(candidate) === undefined
  );
}

/** One sentence on a chain's result, without its thoughts. */
function chainSummary(phase: 'draft' | 'think' | 'revise', candidate: Candidate): string {
  const subject = { draft: 'The draft', think: 'The chain', revise: 'The revised chain' }[phase];
  if (isEmptyAnswer(candidate.answer)) return `${subject} gave no answer.`;
  const said = candidate.value === undefined ? 'gave an answer in words' : `answered ${showAnswer(candidate.value)}`;
  const stopped = `${candidate.origin.thoughtCut ? ' when its thinking was cut' : ''}${endOf(candidate)}`;
  const line = failedLine(candidate.checks);
  // Only the name: the detail quotes the line, and the line is part of a thought.
  if (line !== undefined) return `${subject} ${said}${stopped}; a line failed its check (${line.name}).`;
  const failed = failedValue(candidate);
  if (failed !== undefined) return `${subject} ${said}${stopped}; a check found: ${failed.detail}.`;
  const passed = candidate.checks.filter((check) => check.verdict === 'pass').length;
  return `${subject} ${said}${stopped}${passed > 0 ? `; ${passed} ${passed === 1 ? 'check' : 'checks'} passed` : ''}.`;
}

function endOf({ end }: Candidate): string {
  if (end.repeats) return ', repeating itself';
  return end.cut ? ', and was cut' : '';
}

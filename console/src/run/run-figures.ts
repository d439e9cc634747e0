import type { Response } from '../../../src/contracts/responses/response.ts';
import type { TraceStep } from '../../../src/contracts/responses/trace.ts';
import type { PhaseTokens } from '../../../src/contracts/responses/usage.ts';
import type { RunState } from './run-state.ts';

type Timed = Pick<Response, 'status' | 'created_at' | 'completed_at' | 'usage'>;

/** What a finished run cost. Tokens; times are undefined where they are not known. */
export type RunFigures = {
  /** Of the budget: what was sampled while thinking. */
  thinkingTokens: number;
  /** Output that the budget does not count. */
  beside: Pick<PhaseTokens, 'draft' | 'forced' | 'discarded'>;
  outputTokens: number;
  /** ms from the first step to the answer's. */
  thinkingMs: number | undefined;
  /** ms from the first step to the last one's end: without the wait for a worker. Only a trace tells it. */
  workMs: number | undefined;
  /** Seconds from being asked to the end, the wait included: the response tells whole ones alone, so give or take one. */
  wholeSeconds: number | undefined;
  /** Whether the wait was long enough to be seen in `wholeSeconds`; undefined where only the one or the other is known. */
  waited: boolean | undefined;
};

export function runFigures({ response, steps }: Pick<RunState, 'steps'> & { response: Timed | undefined }): RunFigures {
  const usage = response?.usage;
  const span = wasCutOff(steps, response) ? undefined : spanOf(steps);
  const answer = steps.find(({ phase }) => phase === 'answer');
  const wholeSeconds = response === undefined ? undefined : wholeSecondsOf(response);
  const phases = usage?.phases;
  return {
    thinkingTokens: phases === undefined ? 0 : thinkingTokens(phases),
    beside: { draft: phases?.draft ?? 0, forced: phases?.forced ?? 0, discarded: phases?.discarded ?? 0 },
    outputTokens: usage?.output_tokens ?? 0,
    thinkingMs: span === undefined ? undefined : (answer?.started_at ?? span.end) - span.start,
    workMs: span === undefined ? undefined : span.end - span.start,
    wholeSeconds,
    waited: span === undefined || wholeSeconds === undefined ? undefined : wholeSeconds * 1000 > span.end - span.start,
  };
}

/** Tokens that the thinking budget counts: drafts, inserted tokens and answers are not among them. */
export function thinkingTokens({ think, check, revise }: PhaseTokens): number {
  return think + check + revise;
}

/** Seconds from being asked to the end, the wait for a worker included, give or take one; undefined while it runs. */
export function wholeSecondsOf(response: Pick<Timed, 'created_at' | 'completed_at'>): number | undefined {
  return response.completed_at === null ? undefined : Math.max(0, response.completed_at - response.created_at);
}

/** Whether it was cancelled in the middle of a step: nothing tells when that step ended. */
function wasCutOff(steps: readonly TraceStep[], response: Timed | undefined): boolean {
  return response?.status === 'cancelled' && steps.at(-1)?.duration_ms === 0;
}

function spanOf(steps: readonly TraceStep[]): { start: number; end: number } | undefined {
  if (steps.length === 0) return undefined;
  const start = Math.min(...steps.map((step) => step.started_at));
  const end = Math.max(...steps.map((step) => step.started_at + step.duration_ms));
  return { start, end };
}

/** Tokens so far: of thinking while it runs, all in the end. */
export function spentTokens({ response, progress }: Pick<RunState, 'response' | 'progress'>): number {
  return response?.usage?.output_tokens ?? progress?.thinking_tokens ?? 0;
}

/** What `spentTokens` is to be seen against: the whole budget while it runs. */
export function tokensAtMost(run: Pick<RunState, 'response' | 'progress'>): number {
  const ended = run.response?.usage != null;
  return ended ? spentTokens(run) : Math.max(spentTokens(run), run.response?.reasoning.effective.budget_tokens ?? 0);
}

/** The answer's value as the vote saw it (`8`), else the first line of its text; for one line of comparison. */
export function shortAnswer({ text, steps }: Pick<RunState, 'text' | 'steps'>): string {
  const settled = steps.findLast(({ answer, phase }) => answer !== null && (phase === 'answer' || phase === 'vote'));
  const value = settled?.answer ?? steps.findLast(({ answer }) => answer !== null)?.answer;
  const line = text.trim().split('\n')[0] ?? '';
  const shown = (value && value.length <= 40 ? asWritten(value, text) : line).replace(
    /^the answer is:?\s+(.+?)\.?$/i,
    '$1',
  );
  return shown.length > 60 ? `${shown.slice(0, 58)}…` : shown;
}

/** A value of the vote (`friday`) with the capital letters that it has in the answer's text; unchanged where it isn't found. */
export function asWritten(value: string, text: string | undefined): string {
  const at = text?.toLowerCase().indexOf(value.toLowerCase()) ?? -1;
  const written = at < 0 ? value : (text ?? '').slice(at, at + value.length);
  return written.toLowerCase() === value.toLowerCase() ? written : value;
}

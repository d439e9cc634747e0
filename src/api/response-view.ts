import { initialResponse } from '../contracts/initial-response.ts';
import type { JobSnapshot } from '../contracts/job.ts';
import type { Progress } from '../contracts/reasoning.ts';
import type { Response } from '../contracts/response.ts';
import { TerminalEvent } from '../contracts/response-event.ts';

/** The response object as the job stands: the committed one, or the first one with status and progress. */
export function responseView(snapshot: JobSnapshot): Response {
  if (snapshot.terminal) return TerminalEvent.parse(snapshot.terminal.data).response;
  const initial = initialResponse(snapshot.job);
  const budget = initial.reasoning.effective.budget_tokens;
  return { ...initial, status: snapshot.status, progress: progressOf(snapshot, budget) };
}

function progressOf({ status, progress, queuePosition }: JobSnapshot, budget: number): Progress {
  const none: Progress = {
    phase: 'queued',
    step: 0,
    steps: null,
    thinking_tokens: 0,
    budget_tokens: budget,
    queue_position: null,
    eta_ms: null,
  };
  // A job that went back to the queue shows its place there, and the thinking that it has behind it.
  if (status === 'queued') return { ...none, ...progress, phase: 'queued', queue_position: queuePosition ?? null };
  return progress ?? { ...none, phase: budget === 0 ? 'answer' : 'draft' };
}

import { z } from 'zod';
import type { KeyScopes } from '../service/key-scopes.ts';
import { ComputedValue } from './compute.ts';
import { AnswerSource, Decision, IncompleteReason, Progress } from './reasoning.ts';
import { RunningUsage } from './usage.ts';

/**
 * Without `trace:full`, removes everything that quotes a thought: its text, the values computed in it, the checked
 * lines, the corrections.
 */
export function visibleStep(step: TraceStep, { trace }: KeyScopes): TraceStep {
  if (trace === 'full') return step;
  const { because: _quotes, computed: _values, call, ...rest } = step;
  const { decided } = step;
  // The reason for a decision of auto contains no quotation.
  const because = decided === undefined ? {} : { because: decided.because };
  const hidden = call === undefined ? {} : { call: { ...call, arguments: '', output: null, text: '' } };
  return { ...rest, ...because, ...hidden, text: null, checks: step.checks.map(visibleCheck) };
}

/** A step as a summary may describe it. A decision contains no quotation, a correction does. */
export function summarisedStep(step: TraceStep, scopes: KeyScopes): TraceStep {
  const visible = visibleStep(step, scopes);
  const decides = (step.phase === 'vote' || step.phase === 'answer') && step.because !== undefined;
  return decides ? { ...visible, because: step.because } : visible;
}

function visibleCheck({ wrong: _quotes, ...check }: CheckResult): CheckResult {
  return check.judges === 'line' ? { ...check, detail: '' } : check;
}

export const Verdict = z.enum(['pass', 'fail', 'abstain']);
export type Verdict = z.infer<typeof Verdict>;

export const CheckResult = z.object({
  name: z.string(),
  verdict: Verdict,
  /** `line`: one step of a thought. `value`: the answer itself. */
  judges: z.enum(['line', 'value']),
  detail: z.string(),
  /** The failed line's number in the step's `text`, from 0. */
  line: z.int().nonnegative().exactOptional(),
  /** The wrong part of that line, as in the thought; only for scope `trace:full`. */
  wrong: z.string().exactOptional(),
  /** True for a check whose pass means that the answer is right. */
  confirms: z.boolean().exactOptional(),
});
export type CheckResult = z.infer<typeof CheckResult>;

export const TallyEntry = z.object({ answer: z.string(), ballots: z.int().positive() });
export type TallyEntry = z.infer<typeof TallyEntry>;

/** A call of a tool that the service ran itself, within a chain. */
export const TraceCall = z.object({
  id: z.string(),
  /** As the model knows the tool. */
  name: z.string(),
  /** JSON; empty without scope `trace:full`, as `text` is. */
  arguments: z.string(),
  /** Null while it runs, and without scope `trace:full`. */
  output: z.string().nullable(),
  error: z.boolean(),
  /** The service stopped while the call ran, and it was not repeated. */
  interrupted: z.literal(true).exactOptional(),
  /** The phase of the chain's own step; `request`: made before any chain, because the request approved it. */
  of: z.enum(['draft', 'think', 'revise', 'answer', 'request']),
  /** Calls that were made together have the same number. */
  turn: z.int().nonnegative(),
  /** What the chain said before the call, beside its thought. */
  text: z.string(),
});
export type TraceCall = z.infer<typeof TraceCall>;

/** One recorded step of the reasoning. Times in epoch ms, durations in ms; tokens are those decoded in the step. */
export const TraceStep = z.object({
  index: z.int().nonnegative(),
  phase: z.enum(['draft', 'think', 'tool', 'check', 'revise', 'vote', 'answer']),
  sample: z.int().nonnegative().nullable(),
  started_at: z.number(),
  duration_ms: z.number().nonnegative(),
  tokens: z.int().nonnegative(),
  /** The thought itself; only for scope `trace:full`. */
  text: z.string().nullable(),
  /** The values in `text` that were computed; only for scope `trace:full`. Absent where there are none. */
  computed: z.array(ComputedValue).exactOptional(),
  summary: z.string(),
  stop_reason: z.string().nullable(),
  /** Normalised. */
  answer: z.string().nullable(),
  /** The text of the answer, which is replayed if it wins. */
  answer_text: z.string().optional(),
  /** Why the answer was cut. Absent: it ended by itself or at a stop text. */
  answer_cut: IncompleteReason.exactOptional(),
  /** The stop text that ended the answer. */
  answer_stop: z.string().exactOptional(),
  /** Mean token log-probability under the model's unmodified distribution, without inserted tokens. */
  confidence: z.number().nullable(),
  /** The same for the tokens of the answer alone. */
  answer_confidence: z.number().optional(),
  checks: z.array(CheckResult),
  prompt: z.object({ file: z.string(), hash: z.string() }).nullable(),
  /** Where the answer came from, on its step. */
  answer_source: AnswerSource.optional(),
  /** Mean KL divergence of uniform from the model's distribution, in nats (arXiv 2502.18581). Absent where only the likeliest logits are known (GGUF, servers). */
  self_certainty: z.number().optional(),
  /** Phases of `tokens`; a resumed run needs them. */
  usage: z
    .object({
      thinking: z.int().nonnegative(),
      forced: z.int().nonnegative(),
      answer: z.int().nonnegative(),
      input: z.int().nonnegative().optional(),
      cached: z.int().nonnegative().optional(),
    })
    .optional(),
  tally: z.array(TallyEntry).optional(),
  because: z.string().optional(),
  /** On a step of phase `tool`. Its `text` is what the chain thought since its last call. */
  call: TraceCall.exactOptional(),
  /** On a chain's step: the indexes of its calls' steps. Absent where it called nothing. */
  calls: z.array(z.int().nonnegative()).exactOptional(),
  /** On the step of the fast answer that `auto` tried: the decision. */
  decided: Decision.exactOptional(),
});
export type TraceStep = z.infer<typeof TraceStep>;

const stepAdded = z.object({ type: z.literal('trace_step.added'), step: TraceStep });
const stepDone = z.object({ type: z.literal('trace_step.done'), step: TraceStep });
/** Text added to the thought of a running step; `at` in `computed` counts from the start of this text. */
const thoughtDelta = z.object({
  type: z.literal('trace_step.delta'),
  index: z.int().nonnegative(),
  text: z.string(),
  computed: z.array(ComputedValue).exactOptional(),
});
/** `usage` so far, which a response shows if its queue ends it early. */
const progressEvent = z.object({ type: z.literal('progress'), progress: Progress, usage: RunningUsage.optional() });

/** `data` of a log line of stream `trace`. */
export const TraceEvent = z.discriminatedUnion('type', [stepAdded, thoughtDelta, stepDone, progressEvent]);
export type TraceEvent = z.infer<typeof TraceEvent>;

const numbered = { sequence_number: z.int().nonnegative() };

/** The events of `/trace?stream=true`, numbered separately from 0. */
export const TraceStreamEvent = z.discriminatedUnion('type', [
  stepAdded.extend(numbered),
  thoughtDelta.extend(numbered),
  stepDone.extend(numbered),
  progressEvent.extend(numbered),
]);

import { z } from 'zod';
import { initialResponse } from './initial-response.ts';
import type { Job, LogLine } from './job.ts';
import type { OutputItem, OutputText } from './output-item.ts';
import { decidedReasoning } from './reasoning.ts';
import type { Response } from './response.ts';
import { ResponseEvent } from './response-event.ts';
import { TraceEvent, type TraceStep } from './trace.ts';
import { emptyUsage, type RunningUsage, responseUsage } from './usage.ts';

/** What a response has used, according to the last line of its log that says so. Pure. */
export function loggedUsage(log: readonly LogLine[]): RunningUsage {
  let usage = emptyUsage();
  for (const line of log) {
    const event = line.stream === 'trace' ? TraceEvent.parse(line.data) : undefined;
    if (event?.type === 'progress' && event.usage !== undefined) usage = event.usage;
  }
  return usage;
}

/**
 * How much of a response is done and need not be repeated: the visible part of its answer, and the finished steps of
 * its trace. It grows only if an attempt gets further than earlier ones. Lines of a thought that is not part of a
 * finished step do not count, because each attempt may write them again.
 */
export function workDone(log: readonly LogLine[]): number {
  return log.filter(({ stream, data }) => (stream === 'wire' ? !isReasoning(data) : data['type'] === 'trace_step.done'))
    .length;
}

function isReasoning({ type, item, part }: LogLine['data']): boolean {
  return (
    /^response\.reasoning_/.test(String(type)) || Reasoning.safeParse(item).success || Reasoning.safeParse(part).success
  );
}

const Reasoning = z.object({ type: z.enum(['reasoning', 'reasoning_text', 'summary_text']) });

/**
 * The thought behind the shown answer; '' if there is none. An answer's step names its chain; while an answer still
 * streams, there is only one chain.
 */
export function winningThought(steps: readonly TraceStep[]): string {
  const answer = steps.findLast((step) => step.phase === 'answer');
  const thoughts = thoughtsOf(steps);
  if (answer === undefined) return thoughts.at(-1)?.text ?? '';
  if (answer.sample === null) return '';
  return thoughts.findLast(({ sample }) => sample === answer.sample)?.text ?? '';
}

/** The thought that readers see: the winning one, or the first chain's if the draft won over all of them. */
export function shownThought(steps: readonly TraceStep[]): string {
  const first = thoughtsOf(steps).find(({ phase }) => phase === 'think');
  return winningThought(steps) || (first?.text ?? '');
}

function thoughtsOf(steps: readonly TraceStep[]): TraceStep[] {
  return steps.filter(
    // A chain whose stream broke may have been run again, in a step before that one.
    ({ phase, text, stop_reason }) =>
      (phase === 'think' || phase === 'revise') && text !== null && stop_reason !== 'fault',
  );
}

/**
 * The response as shown by its log so far: visible text, tool calls and usage. Pure; the streams' lines may be in any
 * order. Items that have not ended are `in_progress`.
 */
export function responseFromLog(job: Job, log: readonly LogLine[]): Response {
  let response = initialResponse(job);
  for (const line of log) {
    response =
      line.stream === 'wire'
        ? withEvent(response, ResponseEvent.parse(line.data))
        : withUsage(response, TraceEvent.parse(line.data));
  }
  return withDecision({ ...response, output_text: outputText(response.output) }, log);
}

/** The trace has the decision of `auto` first. */
function withDecision(response: Response, log: readonly LogLine[]): Response {
  const decided = log
    .filter(({ stream }) => stream === 'trace')
    .map(({ data }) => TraceEvent.parse(data))
    .findLast((event) => event.type === 'trace_step.done' && event.step.decided !== undefined);
  if (decided?.type !== 'trace_step.done' || decided.step.decided === undefined) return response;
  const { effort } = decided.step.decided;
  const effective = decidedReasoning(response.reasoning.effective, decided.step.decided);
  return { ...response, reasoning: { ...response.reasoning, effort, effective } };
}

/** All visible text, joined. */
export function outputText(output: readonly OutputItem[]): string {
  const parts = output.flatMap((item) => (item.type === 'message' ? item.content : []));
  return parts.map((part) => (part.type === 'output_text' ? part.text : '')).join('');
}

function withUsage(response: Response, event: TraceEvent): Response {
  return event.type === 'progress' && event.usage ? { ...response, usage: responseUsage(event.usage) } : response;
}

function withEvent(response: Response, event: ResponseEvent): Response {
  switch (event.type) {
    case 'response.created':
    case 'response.queued':
    case 'response.in_progress':
    case 'response.completed':
    case 'response.incomplete':
    case 'response.failed': {
      // A second attempt may send in_progress again: visible items stay.
      const output = event.response.output.length > 0 ? event.response.output : response.output;
      return { ...event.response, output, usage: event.response.usage ?? response.usage };
    }
    case 'response.output_item.added':
    case 'response.output_item.done':
      return { ...response, output: withItem(response.output, event.output_index, event.item) };
    default:
      return withPiece(response, event);
  }
}

/** Events between an item's first and last. */
type PieceEvent = Exclude<ResponseEvent, { response: Response } | { item: OutputItem }>;

function withPiece(response: Response, event: PieceEvent): Response {
  switch (event.type) {
    case 'response.output_text.delta':
      return withText(response, event, (part) => ({
        text: part.text + event.delta,
        logprobs: [...part.logprobs, ...event.logprobs],
      }));
    case 'response.output_text.done':
      return withText(response, event, () => ({ text: event.text, logprobs: event.logprobs }));
    case 'response.function_call_arguments.delta':
      return withArguments(response, event.output_index, (sofar) => sofar + event.delta);
    case 'response.function_call_arguments.done':
      return withArguments(response, event.output_index, () => event.arguments);
    case 'response.custom_tool_call_input.delta':
      return withInput(response, event.output_index, (sofar) => sofar + event.delta);
    case 'response.custom_tool_call_input.done':
      return withInput(response, event.output_index, () => event.input);
    case 'response.reasoning_summary_text.done':
    case 'response.reasoning_summary_text.delta':
      return withSummary(response, event);
    case 'response.reasoning_text.delta':
      return withThought(response, event.output_index, (sofar) => sofar + event.delta);
    case 'response.reasoning_text.done':
      return withThought(response, event.output_index, () => event.text);
    // The item's own event follows at once, and has all of it.
    case 'response.code_interpreter_call.in_progress':
    case 'response.code_interpreter_call_code.delta':
    case 'response.code_interpreter_call_code.done':
    case 'response.code_interpreter_call.interpreting':
    case 'response.code_interpreter_call.completed':
    case 'response.mcp_list_tools.in_progress':
    case 'response.mcp_list_tools.completed':
    case 'response.mcp_call.in_progress':
    case 'response.mcp_call_arguments.delta':
    case 'response.mcp_call_arguments.done':
    case 'response.mcp_call.completed':
    case 'response.mcp_call.failed':
    case 'response.content_part.added':
    case 'response.content_part.done':
    case 'response.refusal.delta':
    case 'response.refusal.done':
    case 'response.reasoning_summary_part.added':
    case 'response.reasoning_summary_part.done':
    case 'error':
      return response;
    default:
      return event satisfies never;
  }
}

function withItem(output: readonly OutputItem[], index: number, item: OutputItem): OutputItem[] {
  const items = [...output];
  items[index] = item;
  return items;
}

function withText(
  response: Response,
  at: { output_index: number; content_index: number },
  change: (part: Pick<OutputText, 'text' | 'logprobs'>) => Pick<OutputText, 'text' | 'logprobs'>,
): Response {
  const item = response.output[at.output_index];
  if (item?.type !== 'message') return response;
  const content = [...item.content];
  const part = content[at.content_index];
  const changed = change(part?.type === 'output_text' ? part : { text: '', logprobs: [] });
  content[at.content_index] = { type: 'output_text', annotations: [], ...changed };
  return { ...response, output: withItem(response.output, at.output_index, { ...item, content }) };
}

function withArguments(response: Response, index: number, change: (text: string) => string): Response {
  const item = response.output[index];
  if (item?.type !== 'function_call') return response;
  const changed = { ...item, arguments: change(item.arguments) };
  return { ...response, output: withItem(response.output, index, changed) };
}

function withInput(response: Response, index: number, change: (text: string) => string): Response {
  const item = response.output[index];
  if (item?.type !== 'custom_tool_call') return response;
  return { ...response, output: withItem(response.output, index, { ...item, input: change(item.input) }) };
}

function withThought(response: Response, index: number, change: (text: string) => string): Response {
  const item = response.output[index];
  if (item?.type !== 'reasoning') return response;
  const content = [{ type: 'reasoning_text' as const, text: change(item.content?.[0]?.text ?? '') }];
  return { ...response, output: withItem(response.output, index, { ...item, content }) };
}

type SummaryEvent = Extract<
  ResponseEvent,
  { type: 'response.reasoning_summary_text.done' | 'response.reasoning_summary_text.delta' }
>;

function withSummary(response: Response, event: SummaryEvent): Response {
  const item = response.output[event.output_index];
  if (item?.type !== 'reasoning') return response;
  const summary = [...item.summary];
  const sofar = summary[event.summary_index]?.text ?? '';
  const text = event.type === 'response.reasoning_summary_text.done' ? event.text : sofar + event.delta;
  summary[event.summary_index] = { type: 'summary_text', text };
  return { ...response, output: withItem(response.output, event.output_index, { ...item, summary }) };
}

import { initialResponse } from './initial-response.ts';
import type { Job, LogLine } from './job.ts';
import type { OutputItem, OutputText } from './output-item.ts';
import { decidedReasoning } from './reasoning.ts';
import type { Response } from './response.ts';
import { ResponseEvent } from './response-event.ts';
import { TraceEvent } from './trace-event.ts';
import { responseUsage } from './usage.ts';

/**
 * The response as its log shows it so far: visible text, tool calls and usage. Pure; lines in any order of streams.
 * Items that have not ended are `in_progress`.
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

/** What `auto` has decided is on the trace first. */
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
      // A re-run may say in_progress again: what is visible stays.
      const output = event.response.output.length > 0 ? event.response.output : response.output;
      return { ...event.response, output, usage: event.response.usage ?? response.usage };
    }
    case 'response.output_item.added':
    case 'response.output_item.done':
      return { ...response, output: withItem(response.output, event.output_index, event.item) };
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

import type { InputItem } from '../../contracts/responses/input-item.ts';
import type { Job, JobSnapshot } from '../../contracts/responses/job.ts';
import type { Response } from '../../contracts/responses/response.ts';
import { TerminalEvent } from '../../contracts/responses/response-event.ts';
import { winningThought } from '../../contracts/responses/response-from-log.ts';
import { responseJob } from '../../contracts/responses/response-job.ts';
import { TraceEvent, type TraceStep } from '../../contracts/responses/trace.ts';
import type { KeyScopes } from '../../contracts/service/key-scopes.ts';
import type { JobQueue } from '../../core/job-queue.ts';
import { visibleReasoning } from './trace-view.ts';

/** ms that reading a trace may take. */
const traceMs = 2_000;

/** The items of a response's own input, each with an id. */
export function inputItems(job: Job, body = responseJob(job)): InputItem[] {
  const { request, referenced } = body;
  if (typeof request.input === 'string') {
    return withIds([{ type: 'message', role: 'user', content: request.input }], suffixOf(job));
  }
  const given = request.input.flatMap((item) => {
    if (item.type !== 'item_reference') return [item];
    return (referenced ?? []).filter(({ id }) => id === item.id);
  });
  return withIds(given, suffixOf(job));
}

/** What a response that has ended gave, with the thought that its answer came of; without `thoughts` its trace is not read. */
export async function outputItems(
  queue: JobQueue,
  snapshot: JobSnapshot,
  { thoughts = true }: { thoughts?: boolean } = {},
): Promise<InputItem[]> {
  if (!snapshot.terminal) return [];
  const { response } = TerminalEvent.parse(snapshot.terminal.data);
  if (!thoughts) return response.output.map((item) => ({ ...item }));
  const thought = winningThought(await finishedSteps(queue, response.id));
  return withThought(response, thought);
}

export function withIds(items: readonly InputItem[], suffix: string): InputItem[] {
  return items.map((item, index) => {
    const id = item.id ?? `${prefixOf(item)}_${suffix}_i${index}`;
    if (item.type !== undefined && item.type !== 'message') return { ...item, id };
    // As OpenAI's service shows messages: typed, with parts.
    const status = item.status ?? 'completed';
    if (item.role === 'assistant') {
      const content =
        typeof item.content === 'string' ? [{ type: 'output_text' as const, text: item.content }] : item.content;
      return { ...item, type: 'message', id, status, content };
    }
    const content =
      typeof item.content === 'string' ? [{ type: 'input_text' as const, text: item.content }] : item.content;
    return { ...item, type: 'message', id, status, content };
  });
}

/** Items as a key may see them. A reasoning item of which nothing may be seen is left out. */
export function visibleItems(items: readonly InputItem[], { trace }: Pick<KeyScopes, 'trace'>): InputItem[] {
  if (trace === 'full') return [...items];
  return items.flatMap((item): InputItem[] => {
    if (item.type !== 'reasoning') return [item];
    const shown = visibleReasoning(item, trace);
    return shown.summary.length > 0 || shown.encrypted_content ? [shown] : [];
  });
}

function withThought(response: Response, thought: string): InputItem[] {
  const output: InputItem[] = response.output.map((item) => ({ ...item }));
  if (thought === '') return output;
  const content = [{ type: 'reasoning_text' as const, text: thought }];
  const at = output.findLastIndex((item) => item.type === 'reasoning');
  const item = output[at];
  if (item?.type === 'reasoning') return output.with(at, { ...item, content });
  const id = `rs_${response.id.replace(/^resp_/, '')}`;
  return [{ type: 'reasoning', id, summary: [], content, status: 'completed' }, ...output];
}

async function finishedSteps(queue: JobQueue, id: string): Promise<TraceStep[]> {
  const steps = new Map<number, TraceStep>();
  for await (const line of queue.events(id, { stream: 'trace', follow: false, signal: AbortSignal.timeout(traceMs) })) {
    const event = TraceEvent.parse(line.data);
    if (event.type === 'trace_step.done') steps.set(event.step.index, event.step);
  }
  return [...steps.values()].sort((one, other) => one.index - other.index);
}

function suffixOf(job: Job): string {
  return job.id.replace(/^resp_/, '');
}

function prefixOf(item: InputItem): string {
  switch (item.type) {
    case 'function_call':
      return 'fc';
    case 'function_call_output':
      return 'fco';
    case 'custom_tool_call':
      return 'ctc';
    case 'custom_tool_call_output':
      return 'ctco';
    case 'additional_tools':
      return 'at';
    case 'compaction':
      return 'cmp';
    case 'reasoning':
      return 'rs';
    default:
      return 'msg';
  }
}

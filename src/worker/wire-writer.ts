import type { Job, LogLine } from '../contracts/responses/job.ts';
import type { OutputItem, OutputLogprob, OutputMessage } from '../contracts/responses/output-item.ts';
import type { Response } from '../contracts/responses/response.ts';
import type { TerminalEvent } from '../contracts/responses/response-event.ts';
import { outputText, responseFromLog } from '../contracts/responses/response-from-log.ts';
import { nextWireNumber, terminalLine } from '../contracts/responses/terminal-lines.ts';
import type { ScoredToken, TokenLogprob } from '../core/language-model.ts';
import { createReasoningWriter, type SettledReasoning } from './reasoning-writer.ts';
import { serverItemEvents } from './server-item-lines.ts';
import type { ServerItem } from './server-tools.ts';
import type { Unnumbered } from './unnumbered.ts';

/** A call as the client knows its tool: a function's arguments are JSON, a custom tool's free text. */
export type ShownCall = { type: 'function' | 'custom'; name: string; namespace?: string; text: string };

/** Turns what a strategy settles into numbered wire lines. It goes on from a log, so a new attempt repeats nothing. */
export type WireWriter = {
  /** `response.in_progress`, unless an earlier attempt said so. */
  begin(): LogLine[];
  answer(text: string, logprobs: readonly TokenLogprob[]): LogLine[];
  toolCall(call: ShownCall): LogLine[];
  /** An item of a tool that the service runs, whole; nothing where it was shown already. */
  serverItem(item: ServerItem): LogLine[];
  /** Of the reasoning: see there. */
  thought(text: string): LogLine[];
  endThought(): LogLine[];
  summary(text: string): LogLine[];
  /** Parts of the summary that have been shown so far. */
  summaryParts(): number;
  /** The reasoning items, completed; empty where they are already. */
  reasoning(settled: SettledReasoning): LogLine[];
  /** Closes what is open and ends the response; one array, appended in one step. */
  end(patch: Partial<Response> & { status: 'completed' | 'incomplete' }): LogLine[];
  /** Text that has been shown so far, an earlier attempt's included. */
  shownText(): string;
  /** Tool calls that have been shown so far. */
  shownCalls(): number;
  /** True once there is visible text or a tool call. */
  hasOutput(): boolean;
};

export function createWireWriter({
  job,
  log,
  now,
}: {
  job: Job;
  log: readonly LogLine[];
  now: () => number;
}): WireWriter {
  const seen = responseFromLog(job, log);
  const output: OutputItem[] = [...seen.output];
  const begun = log.some((line) => line.stream === 'wire');
  const suffix = job.id.replace(/^resp_/, '');
  let number = nextWireNumber(job, log);
  /** Of tokens that have given no text yet: part of a character, or held back for a stop text. */
  let held: readonly TokenLogprob[] = [];

  const line = (event: Unnumbered): LogLine => {
    const data = { ...event, sequence_number: number };
    number += 1;
    return { stream: 'wire', number: data.sequence_number, data };
  };
  const put = (item: OutputItem): number => output.push(item) - 1;
  const reasoning = createReasoningWriter({ output, suffix, log, line, now });
  const openMessage = (): { index: number; message: OutputMessage } | undefined => {
    const index = output.findIndex((item) => item.type === 'message' && item.status === 'in_progress');
    const message = output[index];
    return message?.type === 'message' ? { index, message } : undefined;
  };

  const startMessage = (): LogLine[] => {
    const messages = output.filter((item) => item.type === 'message').length;
    const message: OutputMessage = {
      type: 'message',
      id: messages === 0 ? `msg_${suffix}` : `msg_${suffix}_${messages}`,
      role: 'assistant',
      status: 'in_progress',
      content: [],
    };
    const output_index = put(message);
    const part = { type: 'output_text' as const, text: '', annotations: [], logprobs: [] };
    const lines = [
      line({ type: 'response.output_item.added', output_index, item: message }),
      line({ type: 'response.content_part.added', output_index, item_id: message.id, content_index: 0, part }),
    ];
    output[output_index] = { ...message, content: [part] };
    return lines;
  };

  const endMessage = (status: OutputMessage['status']): LogLine[] => {
    const open = openMessage();
    const part = open?.message.content[0];
    if (open === undefined || part?.type !== 'output_text') return [];
    const at = { output_index: open.index, item_id: open.message.id, content_index: 0 };
    const item = { ...open.message, status };
    output[open.index] = item;
    return [
      line({ type: 'response.output_text.done', ...at, text: part.text, logprobs: part.logprobs }),
      line({ type: 'response.content_part.done', ...at, part }),
      line({ type: 'response.output_item.done', output_index: open.index, item }),
    ];
  };

  return {
    begin() {
      if (begun) return [];
      return [line({ type: 'response.in_progress', response: { ...seen, status: 'in_progress' } })];
    },
    answer(text, logprobs) {
      held = [...held, ...logprobs];
      if (text === '') return [];
      const wireLogprobs = held.map(outputLogprob);
      held = [];
      const lines = openMessage() === undefined ? startMessage() : [];
      const open = openMessage();
      const part = open?.message.content[0];
      if (open === undefined || part?.type !== 'output_text') return lines;
      const content = { ...part, text: part.text + text, logprobs: [...part.logprobs, ...wireLogprobs] };
      output[open.index] = { ...open.message, content: [content] };
      const at = { output_index: open.index, item_id: open.message.id, content_index: 0 };
      lines.push(line({ type: 'response.output_text.delta', ...at, delta: text, logprobs: wireLogprobs }));
      return lines;
    },
    toolCall({ type, name, namespace, text }) {
      held = [];
      const lines = endMessage('completed');
      const calls = output.filter(isCall).length;
      const status = 'in_progress' as const;
      const about = { call_id: `call_${suffix}_${calls}`, name, ...(namespace === undefined ? {} : { namespace }) };
      const item: CallItem =
        type === 'function'
          ? { type: 'function_call', id: `fc_${suffix}_${calls}`, ...about, arguments: '', status }
          : { type: 'custom_tool_call', id: `ctc_${suffix}_${calls}`, ...about, input: '', status };
      const output_index = put(item);
      const done: CallItem =
        item.type === 'function_call'
          ? { ...item, arguments: text, status: 'completed' }
          : { ...item, input: text, status: 'completed' };
      output[output_index] = done;
      const at = { output_index, item_id: item.id };
      const pieces = inPieces(text).map(
        (delta): Unnumbered =>
          type === 'function'
            ? { type: 'response.function_call_arguments.delta', ...at, delta }
            : { type: 'response.custom_tool_call_input.delta', ...at, delta },
      );
      const whole: Unnumbered =
        type === 'function'
          ? { type: 'response.function_call_arguments.done', ...at, name, arguments: text }
          : { type: 'response.custom_tool_call_input.done', ...at, input: text };
      return [
        ...lines,
        line({ type: 'response.output_item.added', output_index, item }),
        ...pieces.map(line),
        line(whole),
        line({ type: 'response.output_item.done', output_index, item: done }),
      ];
    },
    serverItem(item) {
      if (output.some(({ id }) => id === item.id)) return [];
      const lines = endMessage('completed');
      const output_index = put(item);
      return [...lines, ...serverItemEvents(item, output_index, inPieces).map(line)];
    },
    thought: (text) => reasoning.thought(text),
    endThought: () => reasoning.endThought(),
    summary: (text) => reasoning.summary(text),
    summaryParts: () => output.reduce((sum, item) => sum + (item.type === 'reasoning' ? item.summary.length : 0), 0),
    reasoning: (settled) => reasoning.settle(settled),
    end(patch) {
      const lines = [...reasoning.cut(), ...endMessage(patch.status === 'completed' ? 'completed' : 'incomplete')];
      const response: Response = {
        ...seen,
        completed_at: patch.status === 'completed' ? Math.floor(now() / 1000) : null,
        progress: null,
        ...patch,
        output: [...output],
        output_text: outputText(output),
      };
      const type: TerminalEvent['type'] = patch.status === 'completed' ? 'response.completed' : 'response.incomplete';
      return [...lines, terminalLine(number, type, response)];
    },
    shownText: () => outputText(output),
    shownCalls: () => output.filter(isCall).length,
    hasOutput: () =>
      outputText(output).trim() !== '' || output.some((item) => isCall(item) || item.type === 'mcp_approval_request'),
  };
}

type CallItem = Extract<OutputItem, { type: 'function_call' | 'custom_tool_call' }>;

function isCall(item: OutputItem): item is CallItem {
  return item.type === 'function_call' || item.type === 'custom_tool_call';
}

/** Whole characters of settled text, in pieces as a model would give them. */
function inPieces(text: string): string[] {
  return text.match(/[\s\S]{1,24}(?![\uDC00-\uDFFF])|[\s\S]{25}/g) ?? [];
}

function outputLogprob({ top, ...own }: TokenLogprob): OutputLogprob {
  return { ...withBytes(own), top_logprobs: (top ?? []).map(withBytes) };
}

function withBytes({ token, logprob, bytes }: ScoredToken): Omit<OutputLogprob, 'top_logprobs'> {
  return { token, logprob, bytes: [...(bytes ?? Buffer.from(token, 'utf8'))] };
}

import type { Job, LogLine } from '../contracts/responses/job.ts';
import type { OutputItem, OutputLogprob, OutputMessage } from '../contracts/responses/output-item.ts';
import type { EffectiveReasoning } from '../contracts/responses/reasoning.ts';
import type { Response } from '../contracts/responses/response.ts';
import type { TerminalEvent, UnnumberedEvent } from '../contracts/responses/response-event.ts';
import { outputText, responseFromLog } from '../contracts/responses/response-from-log.ts';
import { nextWireNumber, terminalLine } from '../contracts/responses/terminal-lines.ts';
import type { ScoredToken, TokenLogprob } from '../core/language-model.ts';
import { createReasoningWriter, type ReasoningWriter, type SettledReasoning } from './reasoning-writer.ts';
import { type ServerItem, serverItemEvents } from './server-items.ts';

/** A call as the client knows its tool: a function's arguments are JSON, a custom tool's input is free text. */
export type ShownCall = { type: 'function' | 'custom'; name: string; namespace?: string; text: string };

/** Turns a strategy's results into numbered wire lines. It continues a log, so a new attempt repeats nothing. */
export type WireWriter = {
  /** `response.in_progress`, unless an earlier attempt wrote it. `effective`: if it differs from that of the accepted request. */
  begin(effective?: EffectiveReasoning): LogLine[];
  answer(text: string, logprobs: readonly TokenLogprob[]): LogLine[];
  toolCall(call: ShownCall): LogLine[];
  /** A complete item of a tool that the service runs; no lines if it was shown already. */
  serverItem(item: ServerItem): LogLine[];
  /** These four write the reasoning items: see `ReasoningWriter`. */
  thought(text: string): LogLine[];
  endThought(): LogLine[];
  summary(text: string): LogLine[];
  reasoning(settled: SettledReasoning): LogLine[];
  /** The number of parts of the summary shown so far. */
  summaryParts(): number;
  /** Closes what is open and ends the response; one array, appended in one step. */
  end(patch: Partial<Response> & { status: 'completed' | 'incomplete' }): LogLine[];
  /** Text shown so far, including an earlier attempt's. */
  shownText(): string;
  /** The number of tool calls shown so far. */
  shownCalls(): number;
  /** True once there is visible text or a tool call. */
  hasOutput(): boolean;
};

export function createWireWriter(options: { job: Job; log: readonly LogLine[]; now: () => number }): WireWriter {
  return new ResponseWriter(options);
}

class ResponseWriter implements WireWriter {
  private readonly now: () => number;
  /** The response as the log has it. */
  private readonly seen: Response;
  private readonly output: OutputItem[];
  private readonly begun: boolean;
  /** The part of the response's id that its items' ids share. */
  private readonly suffix: string;
  private readonly message: MessageWriter;
  private readonly reasoningItems: ReasoningWriter;
  private number: number;

  constructor({ job, log, now }: { job: Job; log: readonly LogLine[]; now: () => number }) {
    this.now = now;
    this.seen = responseFromLog(job, log);
    this.output = [...this.seen.output];
    this.begun = log.some((line) => line.stream === 'wire');
    this.suffix = job.id.replace(/^resp_/, '');
    this.number = nextWireNumber(job, log);
    const items = { output: this.output, suffix: this.suffix, line: (event: UnnumberedEvent) => this.line(event) };
    this.message = new MessageWriter(items);
    this.reasoningItems = createReasoningWriter({ ...items, log, now });
  }

  begin(effective = this.seen.reasoning.effective): LogLine[] {
    if (this.begun) return [];
    const reasoning = { ...this.seen.reasoning, effective };
    return [this.line({ type: 'response.in_progress', response: { ...this.seen, reasoning, status: 'in_progress' } })];
  }

  answer(text: string, logprobs: readonly TokenLogprob[]): LogLine[] {
    return this.message.add(text, logprobs);
  }

  toolCall(call: ShownCall): LogLine[] {
    this.message.dropHeld();
    const lines = this.message.end('completed');
    const { item, done } = callItems(call, { suffix: this.suffix, number: this.shownCalls() });
    const output_index = this.output.push(done) - 1;
    return [...lines, ...callEvents(call, { item, done, output_index }).map((event) => this.line(event))];
  }

  serverItem(item: ServerItem): LogLine[] {
    if (this.output.some(({ id }) => id === item.id)) return [];
    const lines = this.message.end('completed');
    const output_index = this.output.push(item) - 1;
    return [...lines, ...serverItemEvents(item, output_index, inPieces).map((event) => this.line(event))];
  }

  thought(text: string): LogLine[] {
    return this.reasoningItems.thought(text);
  }

  endThought(): LogLine[] {
    return this.reasoningItems.endThought();
  }

  summary(text: string): LogLine[] {
    return this.reasoningItems.summary(text);
  }

  reasoning(settled: SettledReasoning): LogLine[] {
    return this.reasoningItems.settle(settled);
  }

  summaryParts(): number {
    return this.output.reduce((sum, item) => sum + (item.type === 'reasoning' ? item.summary.length : 0), 0);
  }

  end(patch: Partial<Response> & { status: 'completed' | 'incomplete' }): LogLine[] {
    const lines = [...this.reasoningItems.cut(), ...this.message.end(patch.status)];
    const response: Response = {
      ...this.seen,
      completed_at: patch.status === 'completed' ? Math.floor(this.now() / 1000) : null,
      progress: null,
      ...patch,
      output: [...this.output],
      output_text: outputText(this.output),
    };
    const type: TerminalEvent['type'] = patch.status === 'completed' ? 'response.completed' : 'response.incomplete';
    return [...lines, terminalLine(this.number, type, response)];
  }

  shownText(): string {
    return outputText(this.output);
  }

  shownCalls(): number {
    return this.output.filter(isCall).length;
  }

  hasOutput(): boolean {
    const hasCall = this.output.some((item) => isCall(item) || item.type === 'mcp_approval_request');
    return outputText(this.output).trim() !== '' || hasCall;
  }

  private line(event: UnnumberedEvent): LogLine {
    const data = { ...event, sequence_number: this.number };
    this.number += 1;
    return { stream: 'wire', number: data.sequence_number, data };
  }
}

/** The messages in a response's output, one open at a time. */
class MessageWriter {
  private readonly output: OutputItem[];
  private readonly suffix: string;
  private readonly line: (event: UnnumberedEvent) => LogLine;
  /** Log probabilities of tokens without text yet: part of a character, or held back because of a stop text. */
  private held: readonly TokenLogprob[] = [];

  constructor(options: { output: OutputItem[]; suffix: string; line(event: UnnumberedEvent): LogLine }) {
    this.output = options.output;
    this.suffix = options.suffix;
    this.line = options.line;
  }

  add(text: string, logprobs: readonly TokenLogprob[]): LogLine[] {
    this.held = [...this.held, ...logprobs];
    if (text === '') return [];
    const wireLogprobs = this.held.map(outputLogprob);
    this.held = [];
    const lines = this.open() === undefined ? this.start() : [];
    const open = this.open();
    if (open === undefined) return lines;
    const { at, message, part } = open;
    const content = { ...part, text: part.text + text, logprobs: [...part.logprobs, ...wireLogprobs] };
    this.output[at.output_index] = { ...message, content: [content] };
    lines.push(this.line({ type: 'response.output_text.delta', ...at, delta: text, logprobs: wireLogprobs }));
    return lines;
  }

  dropHeld(): void {
    this.held = [];
  }

  end(status: OutputMessage['status']): LogLine[] {
    const open = this.open();
    if (open === undefined) return [];
    const { at, message, part } = open;
    const item = { ...message, status };
    this.output[at.output_index] = item;
    return [
      this.line({ type: 'response.output_text.done', ...at, text: part.text, logprobs: part.logprobs }),
      this.line({ type: 'response.content_part.done', ...at, part }),
      this.line({ type: 'response.output_item.done', output_index: at.output_index, item }),
    ];
  }

  private open() {
    const output_index = this.output.findIndex((item) => item.type === 'message' && item.status === 'in_progress');
    const message = this.output[output_index];
    if (message?.type !== 'message') return undefined;
    const [part] = message.content;
    if (part?.type !== 'output_text') return undefined;
    return { at: { output_index, item_id: message.id, content_index: 0 }, message, part };
  }

  private start(): LogLine[] {
    const messages = this.output.filter((item) => item.type === 'message').length;
    const message: OutputMessage = {
      type: 'message',
      id: messages === 0 ? `msg_${this.suffix}` : `msg_${this.suffix}_${messages}`,
      role: 'assistant',
      status: 'in_progress',
      content: [],
    };
    const part = { type: 'output_text' as const, text: '', annotations: [], logprobs: [] };
    const output_index = this.output.push({ ...message, content: [part] }) - 1;
    return [
      this.line({ type: 'response.output_item.added', output_index, item: message }),
      this.line({ type: 'response.content_part.added', output_index, item_id: message.id, content_index: 0, part }),
    ];
  }
}

type CallItem = Extract<OutputItem, { type: 'function_call' | 'custom_tool_call' }>;

function isCall(item: OutputItem): item is CallItem {
  return item.type === 'function_call' || item.type === 'custom_tool_call';
}

/** A call's item when it starts and when it is complete. */
function callItems(
  { type, name, namespace, text }: ShownCall,
  { suffix, number }: { suffix: string; number: number },
): { item: CallItem; done: CallItem } {
  const about = { call_id: `call_${suffix}_${number}`, name, ...(namespace === undefined ? {} : { namespace }) };
  const [started, ended] = [{ status: 'in_progress' as const }, { status: 'completed' as const }];
  if (type === 'function') {
    const shared = { type: 'function_call' as const, id: `fc_${suffix}_${number}`, ...about };
    return { item: { ...shared, arguments: '', ...started }, done: { ...shared, arguments: text, ...ended } };
  }
  const shared = { type: 'custom_tool_call' as const, id: `ctc_${suffix}_${number}`, ...about };
  return { item: { ...shared, input: '', ...started }, done: { ...shared, input: text, ...ended } };
}

function callEvents(
  { type, name, text }: ShownCall,
  { item, done, output_index }: { item: CallItem; done: CallItem; output_index: number },
): UnnumberedEvent[] {
  const at = { output_index, item_id: item.id };
  const pieces = inPieces(text).map(
    (delta): UnnumberedEvent =>
      type === 'function'
        ? { type: 'response.function_call_arguments.delta', ...at, delta }
        : { type: 'response.custom_tool_call_input.delta', ...at, delta },
  );
  const whole: UnnumberedEvent =
    type === 'function'
      ? { type: 'response.function_call_arguments.done', ...at, name, arguments: text }
      : { type: 'response.custom_tool_call_input.done', ...at, input: text };
  return [
    { type: 'response.output_item.added', output_index, item },
    ...pieces,
    whole,
    { type: 'response.output_item.done', output_index, item: done },
  ];
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

import type { ResponseJob } from '../contracts/responses/response-job.ts';
import type { TokenLogprob } from '../core/language-model.ts';
import type { StrategyOutcome } from '../reasoning/strategy.ts';
import type { LogWriter } from './log-writer.ts';
import type { ResponseTools } from './server-tools.ts';
import type { ShownReasoning } from './shown-reasoning.ts';
import { createToolCallFilter, type MadeCall, type ToolCallFilter } from './tool-calls.ts';
import { finishedSteps } from './trace-writer.ts';
import type { ShownCall, WireWriter } from './wire-writer.ts';
import { createWrittenCalls, type WrittenCalls, type WrittenPiece } from './written-calls.ts';

type OutputParts = {
  body: ResponseJob;
  writer: LogWriter;
  wire: WireWriter;
  thoughts: ShownReasoning;
  tools: ResponseTools | undefined;
};

/** Writes what the client of a response sees: its reasoning and the service's tool calls first, then text and calls. */
export class OutputWriter {
  private readonly parts: OutputParts;
  private readonly calls: ToolCallFilter;
  private readonly written: WrittenCalls;
  /** A call that the model wrote into its answer was refused. */
  private leftOut = false;

  constructor(parts: OutputParts) {
    const { body, wire } = parts;
    this.parts = parts;
    this.calls = createToolCallFilter({
      tools: body.prompt.tools ?? [],
      calls: body.tool_calls,
      shown: wire.shownCalls(),
    });
    // With an output format, the answer itself may look like a call.
    const readsCalls = body.tool_calls?.choice === 'auto' && body.answer.constraint === undefined;
    this.written = createWrittenCalls(readsCalls ? (body.prompt.tools ?? []).map(({ name }) => name) : []);
  }

  /** A piece of the answer's text. */
  text(text: string, logprobs: readonly TokenLogprob[] | undefined): Promise<void> {
    return this.show(this.written.push(text, logprobs));
  }

  /** Writes the text that was held back because it might have become a call. */
  endText(): Promise<void> {
    return this.show(this.written.end());
  }

  /** A call that the model made; one that needs approval becomes an item that asks for it. */
  async call(made: MadeCall): Promise<void> {
    const { tools, wire, writer } = this.parts;
    const request = tools?.approval(made);
    if (request === undefined) return this.showCall(await this.calls.take(made));
    await this.beforeOutput();
    await writer.write(wire.serverItem(request));
  }

  /** A call that was written as text because a call was forced. */
  async callText(text: string): Promise<void> {
    await this.showCall(await this.calls.takeText(text));
  }

  /** Why the last call that did not fit its tool was refused. */
  get refused(): string | undefined {
    return this.calls.refused;
  }

  warnings(): StrategyOutcome['warnings'] {
    if (!this.leftOut || !this.parts.wire.hasOutput()) return [];
    const message = `A call that the model wrote into its answer was left out: ${this.refused}.`;
    return [{ field: 'tools', message }];
  }

  private async show(pieces: readonly WrittenPiece[]): Promise<void> {
    const { body, wire, writer } = this.parts;
    for (const piece of pieces) {
      if (piece.type === 'call') {
        const call = await this.calls.takeText(piece.text);
        this.leftOut ||= call === undefined && this.refused !== undefined;
        await this.showCall(call);
        continue;
      }
      await this.beforeOutput();
      await writer.write(wire.answer(piece.text, body.include.logprobs ? (piece.logprobs ?? []) : []));
    }
  }

  private async showCall(call: ShownCall | undefined): Promise<void> {
    if (call === undefined) return;
    await this.beforeOutput();
    await this.parts.writer.write(this.parts.wire.toolCall(call));
  }

  /** Completes the reasoning before the first visible piece: by then the winning thought is known. */
  private async beforeOutput(): Promise<void> {
    const { wire, tools, thoughts, writer } = this.parts;
    if (wire.hasOutput() || (tools === undefined && !thoughts.isWanted())) return;
    await writer.flush();
    const steps = finishedSteps(writer.lines());
    if (thoughts.isWanted()) await writer.write(thoughts.settle(steps));
    // All items in one append: an attempt that dies has shown none or all.
    await writer.write((tools?.winning(steps) ?? []).flatMap((item) => wire.serverItem(item)));
  }
}

import type { AnswerRequest, FinishReason, ModelEvent } from '../../../core/language-model.ts';
import { parseJson } from '../../../core/parse-json.ts';
import { createTextRepetition } from '../../../core/thought-repetition.ts';
import { createStopScanner } from '../../stop-scanner.ts';
import { isCut, type ToolCallDelta } from '../client/wire.ts';
import { join, noTokens, type Piece, type Tokens } from './delta-splitter.ts';

/** The visible end of one sample: cuts at stop texts and at the reserve, puts tool calls together. */
export type AnswerSink = {
  /** `full`: nothing more is wanted of this stream. */
  push(piece: Piece): { events: ModelEvent[]; full: boolean };
  pushToolCalls(deltas: readonly ToolCallDelta[], tokens: number): void;
  /** What was held back, then the tool calls: all but a last one that the server cut by its length. */
  end(serverReason: string | undefined): ModelEvent[];
  reason(serverReason: string | undefined): FinishReason;
  /** The stop text that ended it. */
  stopText(): string | undefined;
  /** Something that a reader sees: text that isn't white space, or a tool call. */
  visible(): boolean;
  tokens(): number;
  /** Corrects the count by the server's own figures. */
  setTokens(tokens: number): void;
  meanLogprob(): number | undefined;
};

/** `ends`: texts that end it as stop texts do, although the request doesn't name them. */
export function createAnswerSink(sample: number, answer: AnswerRequest, ends: readonly string[] = []): AnswerSink {
  const scanner = createStopScanner([...(answer.stop ?? []), ...ends]);
  const calls = createToolCalls();
  const text = createAnswerText(sample, answer);
  const repetition = createTextRepetition();
  let tokens = 0;
  let ended: FinishReason | undefined;
  return {
    push(whole) {
      const left = answer.maxTokens - tokens;
      if (ended === undefined && whole.tokens > left) ended = 'length';
      else if (ended !== undefined) return { events: [], full: true };
      const piece = cutTo(whole, left);
      tokens += piece.tokens;
      text.count(piece);
      const begun = text.begin(piece.text);
      if (begun === undefined) return { events: [], full: ended !== undefined };
      const scanned = scanner.push(begun);
      if (scanned.stopped) ended = 'stop';
      else if (repetition.push(scanned.text)) ended ??= 'loop';
      return { events: text.emit(scanned.text, piece), full: ended !== undefined };
    },
    pushToolCalls(deltas, more) {
      tokens += more;
      calls.push(deltas);
    },
    end(serverReason) {
      const rest = ended === 'stop' ? '' : scanner.end();
      return [
        ...text.emit(rest, noTokens),
        ...calls.whole(serverReason).map((call): ModelEvent => ({ type: 'tool-call', sample, ...call })),
      ];
    },
    reason(serverReason) {
      if (calls.cut(serverReason)) return 'length';
      if (calls.begun()) return 'tool-calls';
      if (!text.visible()) return 'empty';
      return ended ?? (isCut(serverReason) ? 'length' : 'stop');
    },
    stopText: () => (answer.stop?.includes(scanner.stop ?? '') ? scanner.stop : undefined),
    visible: () => text.visible() || calls.begun(),
    tokens: () => tokens,
    setTokens(exact) {
      tokens = Math.min(exact, answer.maxTokens);
    },
    meanLogprob: text.meanLogprob,
  };
}

/** The answer's text as events, and the mean of its log-probabilities. */
function createAnswerText(sample: number, answer: AnswerRequest) {
  let started = answer.prefix !== undefined;
  let visible = false;
  let sum = 0;
  let counted = 0;
  /** Tokens of text that a stop text may begin with: they go with the text that comes of it. */
  let held = noTokens;
  return {
    visible: () => visible,
    meanLogprob: () => (counted > 0 ? sum / counted : undefined),
    count({ logprobs }: Piece): void {
      for (const { logprob } of logprobs) sum += logprob;
      counted += logprobs.length;
    },
    /** Undefined before the answer's first text: what a template puts between thought and answer is no part of it. */
    begin(text: string): string | undefined {
      const own = started ? text : text.replace(/^\s+/, '');
      started ||= own !== '';
      return started ? own : undefined;
    },
    emit(text: string, piece: Tokens): ModelEvent[] {
      held = join(held, piece);
      if (text === '') return [];
      visible ||= text.trim() !== '';
      const { tokenIds, logprobs } = held;
      held = noTokens;
      return [{ type: 'answer-delta', sample, text, tokenIds, logprobs: wanted(logprobs, answer) }];
    },
  };
}

/** What was held back comes as one piece, which may be longer than what is left: its share stands. */
function cutTo(piece: Piece, left: number): Piece {
  if (piece.tokens <= left) return piece;
  const kept = Math.max(0, left);
  const text = piece.text.slice(0, Math.floor((piece.text.length * kept) / piece.tokens));
  const [tokenIds, logprobs] = [piece.tokenIds.slice(0, kept), piece.logprobs.slice(0, kept)];
  return { ...piece, text, tokens: kept, tokenIds, logprobs };
}

function wanted(logprobs: Tokens['logprobs'], answer: AnswerRequest): Tokens['logprobs'] {
  if (answer.topLogprobs !== undefined) return logprobs;
  return logprobs.map(({ token, logprob }) => ({ token, logprob }));
}

type ToolCall = { name: string; arguments: string };

/** Pieces of tool calls, by their index; Ollama sends whole calls that may share one. */
function createToolCalls(): {
  push(deltas: readonly ToolCallDelta[]): void;
  begun(): boolean;
  whole(serverReason: string | undefined): ToolCall[];
  /** Whether the last one was cut by its length. */
  cut(serverReason: string | undefined): boolean;
} {
  const calls: Array<ToolCall & { key: string; id: string | undefined }> = [];
  const cut = (serverReason: string | undefined) => {
    const last = calls.at(-1);
    return isCut(serverReason) && last !== undefined && parseJson(last.arguments) === undefined;
  };
  const named = (some: readonly ToolCall[]) => some.filter(({ name }) => name !== '');
  return {
    cut,
    begun: () => named(calls).length > 0,
    whole: (serverReason) =>
      named(cut(serverReason) ? calls.slice(0, -1) : calls).map(({ name, arguments: text }) => ({
        name,
        arguments: text || '{}',
      })),
    push(deltas) {
      for (const { index, id, function: part } of deltas) {
        const key = String(index ?? calls.length);
        let call = calls.findLast((one) => one.key === key);
        if (call === undefined || (id && call.id && id !== call.id)) {
          call = { key, id: id ?? undefined, name: '', arguments: '' };
          calls.push(call);
        }
        call.name ||= part?.name ?? '';
        call.arguments += part?.arguments ?? '';
      }
    },
  };
}

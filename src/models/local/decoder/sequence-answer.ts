import { z } from 'zod';
import type {
  FinishReason,
  ModelEvent,
  SampleScores,
  ScoredToken,
  TokenLogprob,
} from '../../../core/language-model.ts';
import { parseJson } from '../../../core/parse-json.ts';
import { createAnswerRepetition } from '../../../core/thought-repetition.ts';
import { createStopScanner } from '../../stop-scanner.ts';
import { createTextStream } from '../../text-stream.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import type { SampledToken } from '../sampler.ts';

const Written = z.object({
  name: z.string().min(1),
  arguments: z.union([z.record(z.string(), z.unknown()), z.string()]).default({}),
});

/** The text between a model's tool-call tags, `{"name": …, "arguments": {…}}`; undefined if it is anything else. */
function parseToolCall(text: string): { name: string; arguments: string } | undefined {
  const parsed = Written.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { name, arguments: given } = parsed.data;
  return { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) };
}

/** Means over a sequence's sampled tokens, from the raw distribution. */
export type SequenceScores = {
  add(part: 'thinking' | 'answer', sampled: SampledToken): void;
  result(): SampleScores;
};

export function createSequenceScores(): SequenceScores {
  const sums = { thinking: { total: 0, count: 0 }, answer: { total: 0, count: 0 }, certainty: { total: 0, count: 0 } };
  const mean = ({ total, count }: { total: number; count: number }) => (count > 0 ? total / count : undefined);
  const put = (sum: { total: number; count: number }, value: number) => {
    sum.total += value;
    sum.count += 1;
  };
  return {
    add(part, sampled) {
      put(sums[part], sampled.logprob);
      put(sums.certainty, sampled.selfCertainty);
    },
    result() {
      const thinkingMeanLogprob = mean(sums.thinking);
      const answerMeanLogprob = mean(sums.answer);
      const selfCertainty = mean(sums.certainty);
      return {
        ...(thinkingMeanLogprob !== undefined && { thinkingMeanLogprob }),
        ...(answerMeanLogprob !== undefined && { answerMeanLogprob }),
        // NaN: the engine doesn't read whole distributions.
        ...(selfCertainty !== undefined && !Number.isNaN(selfCertainty) && { selfCertainty }),
      };
    },
  };
}

/** The answer of one sequence: visible text, tool calls and how they end. */
type SequenceAnswer = {
  /** Takes a sampled token. @returns the reason if the answer ended with it */
  accept(sampled: SampledToken): FinishReason | undefined;
  /** Emits text that is held back; returns the final reason of an answer that is cut from outside. */
  finish(reason: FinishReason): FinishReason;
  /** The position of the next token. */
  place(): 'start' | 'text' | 'tool-call';
  readonly tokens: number;
  /** The stop text that ended it. */
  readonly stopText: string | undefined;
};

type AnswerModel = Pick<ModelFolder, 'tokenizer' | 'tokens'>;
type AnswerOptions = {
  sample: number;
  stop: readonly string[];
  visible: boolean;
  /** Blanks before the first word are part of the answer, because a pattern asks for them. */
  keepsBlanks?: boolean;
  emit(event: ModelEvent): void;
};

export function createSequenceAnswer(model: AnswerModel, options: AnswerOptions): SequenceAnswer {
  return new Answer(model, options);
}

class Answer implements SequenceAnswer {
  private readonly model: AnswerModel;
  private readonly options: AnswerOptions;
  private readonly stream: ReturnType<typeof createTextStream>;
  private readonly scanner: ReturnType<typeof createStopScanner>;
  private readonly repetition = createAnswerRepetition();
  private count = 0;
  private visible: boolean;
  private calls = 0;
  /** The tokens of the open tool call. */
  private call: number[] | undefined;

  constructor(model: AnswerModel, options: AnswerOptions) {
    this.model = model;
    this.options = options;
    this.stream = createTextStream(model.tokenizer);
    this.scanner = createStopScanner(options.stop);
    this.visible = options.visible;
  }

  get tokens(): number {
    return this.count;
  }

  get stopText(): string | undefined {
    return this.scanner.stop;
  }

  place(): 'start' | 'text' | 'tool-call' {
    if (this.call) return 'tool-call';
    return this.visible || this.calls > 0 ? 'text' : 'start';
  }

  accept(sampled: SampledToken): FinishReason | undefined {
    const { token } = sampled;
    const { tokens } = this.model;
    if (tokens.end.has(token)) return this.finish('stop');
    this.count += 1;
    if (token === tokens.toolCallOpen || this.call) {
      this.acceptInCall(sampled);
      return undefined;
    }
    const scanned = this.scanner.push(this.stream.push([token]));
    this.emitText(scanned.text, sampled);
    if (!scanned.stopped) return this.repetition.push(token) ? this.finish('loop') : undefined;
    if (this.calls > 0) return 'tool-calls';
    return this.visible ? 'stop' : 'empty';
  }

  finish(reason: FinishReason): FinishReason {
    if (this.call) this.closeCall(this.call);
    const rest = this.scanner.push(this.stream.end());
    const held = rest.stopped ? rest.text : rest.text + this.scanner.end();
    if (held !== '' && (this.visible || this.options.keepsBlanks || held.trim() !== '')) this.emitText(held);
    if (this.calls > 0) return 'tool-calls';
    return this.visible ? reason : 'empty';
  }

  private acceptInCall(sampled: SampledToken): void {
    const { token } = sampled;
    const { tokens } = this.model;
    this.emitText('', sampled);
    if (token === tokens.toolCallClose && this.call) this.closeCall(this.call);
    else if (token === tokens.toolCallOpen) this.call = [];
    else this.call?.push(token);
  }

  private closeCall(ids: readonly number[]): void {
    this.call = undefined;
    const text = this.model.tokenizer.decode(ids);
    const parsed = parseToolCall(text);
    if (parsed === undefined) {
      this.emitText(text);
      return;
    }
    this.calls += 1;
    this.options.emit({ type: 'tool-call', sample: this.options.sample, ...parsed });
  }

  private emitText(text: string, sampled?: SampledToken): void {
    // Blanks before the first word (after a marker, between tool calls) are not part of the answer.
    const shown = this.visible || this.options.keepsBlanks ? text : text.trimStart();
    if (shown !== '') this.visible = true;
    this.options.emit({
      type: 'answer-delta',
      sample: this.options.sample,
      text: shown,
      tokenIds: sampled ? [sampled.token] : [],
      logprobs: sampled ? [tokenLogprob(this.model, sampled)] : [],
    });
  }
}

function tokenLogprob(model: AnswerModel, { top, ...sampled }: SampledToken): TokenLogprob {
  return { ...scored(model, sampled), ...(top && { top: top.map((other) => scored(model, other)) }) };
}

/** With the token's bytes if they are not whole characters. */
function scored({ tokenizer }: AnswerModel, { token, logprob }: { token: number; logprob: number }): ScoredToken {
  const text = tokenizer.textOf(token);
  const bytes = text.includes('\uFFFD') ? tokenizer.bytesOf(token) : undefined;
  return { token: text, logprob, ...(bytes && { bytes: [...bytes] }) };
}

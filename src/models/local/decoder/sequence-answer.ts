import { z } from 'zod';
import type {
  FinishReason,
  ModelEvent,
  SampleScores,
  ScoredToken,
  TokenLogprob,
} from '../../../core/language-model.ts';
import { createTextRepetition } from '../../../core/thought-repetition.ts';
import { createStopScanner } from '../../stop-scanner.ts';
import { createTextStream } from '../../text-stream.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import type { SampledToken } from '../sampler.ts';

const Written = z.object({
  name: z.string().min(1),
  arguments: z.union([z.record(z.string(), z.unknown()), z.string()]).default({}),
});

/** What stands between a model's tool-call tags, `{"name": …, "arguments": {…}}`; undefined where it is something else. */
function parseToolCall(text: string): { name: string; arguments: string } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = Written.safeParse(json);
  if (!parsed.success) return undefined;
  const { name, arguments: given } = parsed.data;
  return { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) };
}

/** Means over a row's sampled tokens, of the raw distribution. */
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

/** The answer of one row: visible text, tool calls and how they end. */
type SequenceAnswer = {
  /** Takes a sampled token; a reason when the answer ended with it. */
  accept(sampled: SampledToken): FinishReason | undefined;
  /** Gives what is held back and the final reason, for an answer cut from outside. */
  finish(reason: FinishReason): FinishReason;
  /** Where the next token stands. */
  place(): 'start' | 'text' | 'tool-call';
  readonly tokens: number;
  /** The stop text that ended it. */
  readonly stopText: string | undefined;
};

export function createSequenceAnswer(
  model: Pick<ModelFolder, 'tokenizer' | 'tokens'>,
  options: {
    sample: number;
    stop: readonly string[];
    visible: boolean;
    /** Blanks before the first word are part of the answer: a pattern asks for them. */
    keepsBlanks?: boolean;
    emit(event: ModelEvent): void;
  },
): SequenceAnswer {
  const { tokenizer, tokens } = model;
  const stream = createTextStream(tokenizer);
  const scanner = createStopScanner(options.stop);
  const loops = createTextRepetition();
  let count = 0;
  let visible = options.visible;
  let calls = 0;
  let call: number[] | undefined;
  const delta = (text: string, sampled?: SampledToken) => {
    // Blanks before the first word (after a marker, between tool calls) are no part of the answer.
    const shown = visible || options.keepsBlanks ? text : text.trimStart();
    if (shown !== '') visible = true;
    options.emit({
      type: 'answer-delta',
      sample: options.sample,
      text: shown,
      tokenIds: sampled ? [sampled.token] : [],
      logprobs: sampled ? [tokenLogprob(sampled)] : [],
    });
  };
  const scored = ({ token, logprob }: { token: number; logprob: number }): ScoredToken => {
    const text = tokenizer.textOf(token);
    const bytes = text.includes('\uFFFD') ? tokenizer.bytesOf(token) : undefined;
    return { token: text, logprob, ...(bytes && { bytes: [...bytes] }) };
  };
  const tokenLogprob = ({ top, ...sampled }: SampledToken): TokenLogprob => ({
    ...scored(sampled),
    ...(top && { top: top.map(scored) }),
  });
  const closeCall = (ids: readonly number[]) => {
    call = undefined;
    const text = tokenizer.decode(ids);
    const parsed = parseToolCall(text);
    if (parsed === undefined) return delta(text);
    calls += 1;
    options.emit({ type: 'tool-call', sample: options.sample, ...parsed });
  };
  const finish = (reason: FinishReason): FinishReason => {
    if (call) closeCall(call);
    const rest = scanner.push(stream.end());
    const held = rest.stopped ? rest.text : rest.text + scanner.end();
    if (held !== '' && (visible || options.keepsBlanks || held.trim() !== '')) delta(held);
    if (calls > 0) return 'tool-calls';
    return visible ? reason : 'empty';
  };
  return {
    get tokens() {
      return count;
    },
    get stopText() {
      return scanner.stop;
    },
    place: () => (call ? 'tool-call' : visible || calls > 0 ? 'text' : 'start'),
    finish,
    accept(sampled) {
      const { token } = sampled;
      if (tokens.end.has(token)) return finish('stop');
      count += 1;
      if (token === tokens.toolCallOpen || call) {
        delta('', sampled);
        if (token === tokens.toolCallClose && call) closeCall(call);
        else if (token === tokens.toolCallOpen) call = [];
        else call?.push(token);
        return undefined;
      }
      const scanned = scanner.push(stream.push([token]));
      delta(scanned.text, sampled);
      if (!scanned.stopped) return loops.push(scanned.text) ? finish('loop') : undefined;
      return calls > 0 ? 'tool-calls' : visible ? 'stop' : 'empty';
    },
  };
}

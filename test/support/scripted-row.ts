import type { ThinkingStop } from '../../src/contracts/responses/reasoning.ts';
import {
  type FinishReason,
  type GenerateRequest,
  type ModelEvent,
  mayCallTools,
} from '../../src/core/language-model.ts';
import { type ScriptedSample, scriptedTokens } from './scripted-turn.ts';

export const scriptedHandOver = '\nThat is enough.\n';
export const scriptedContinuation = '\nWait,';

type RowOptions = {
  request: GenerateRequest;
  sample: number;
  scripted: ScriptedSample;
  inputTokens: number;
  fedTokens: number;
  purse: { left: number };
  interrupted(): ThinkingStop | undefined;
  idsOf(tokens: readonly string[]): number[];
};

/** One scripted sample; each `yield` is one decode step. */
export function* scriptedRow(options: RowOptions): Generator<ModelEvent[], void, void> {
  const { request, sample, scripted, purse, idsOf } = options;
  const logprob = scripted.logprob ?? -0.1;
  const usage = { thinkingTokens: 0, forcedTokens: options.fedTokens, answerTokens: 0 };
  let thinkingStop: ThinkingStop | undefined;
  const forced = (text: string): ModelEvent => {
    const tokenIds = idsOf(scriptedTokens(text));
    usage.forcedTokens += tokenIds.length;
    return { type: 'thinking-delta', sample, text, tokenIds, logprobs: [], forced: true };
  };

  const { thinking } = request;
  if (thinking && !thinking.ended && (thinking.budgetTokens > 0 || thinking.prefix?.length)) {
    const cap = thinking.perSampleTokens ?? Number.POSITIVE_INFINITY;
    const words = scriptedTokens(scripted.thought ?? '');
    const stop = (): ThinkingStop | undefined =>
      options.interrupted() ?? (usage.thinkingTokens >= cap || purse.left <= 0 ? 'budget' : undefined);
    for (let next = 0; thinkingStop === undefined; ) {
      thinkingStop = stop();
      if (thinkingStop) break;
      const word = words[next++];
      if (word === undefined) {
        if (usage.thinkingTokens >= (thinking.minimumTokens ?? 0) || words.length === 0) thinkingStop = 'natural';
        else yield [forced(scriptedContinuation)];
        next = 0;
        continue;
      }
      usage.thinkingTokens += 1;
      purse.left -= 1;
      yield [
        { type: 'thinking-delta', sample, text: word, tokenIds: idsOf([word]), logprobs: [logprob], forced: false },
      ];
    }
    const end: ModelEvent = { type: 'thinking-end', sample, reason: thinkingStop };
    yield thinkingStop === 'natural' ? [end] : [forced(scriptedHandOver), end];
  }

  const text =
    thinkingStop && thinkingStop !== 'natural' ? (scripted.handedOverAnswer ?? scripted.answer) : scripted.answer;
  let reason: FinishReason = 'stop';
  let stopText: string | undefined;
  let said = (request.answer.prefix ?? []).map((segment) => segment.text).join('');
  for (const word of scriptedTokens(text.slice(said.length))) {
    usage.answerTokens += 1;
    const cut = stopAt(said + word, request.answer.stop);
    const shown = cut === undefined ? word : (said + word).slice(said.length, cut);
    said += word;
    yield [
      { type: 'answer-delta', sample, text: shown, tokenIds: idsOf([word]), logprobs: [{ token: word, logprob }] },
    ];
    if (cut !== undefined) {
      stopText = request.answer.stop?.find((stop) => said.startsWith(stop, cut));
      break;
    }
    if (usage.answerTokens >= request.answer.maxTokens) {
      reason = said.length < text.length ? 'length' : 'stop';
      break;
    }
  }
  const wanted = mayCallTools(request) ? (scripted.toolCalls ?? []) : [];
  const calls = wanted.map((call): ModelEvent => ({ type: 'tool-call', sample, ...call }));
  usage.answerTokens += calls.length;
  if (calls.length > 0) reason = 'tool-calls';
  else if (said.trim() === '') reason = 'empty';
  yield [
    ...calls,
    {
      type: 'finish',
      sample,
      reason,
      ...(stopText !== undefined && { stopText }),
      ...(thinkingStop && { thinkingStop }),
      usage: { inputTokens: options.inputTokens, cachedTokens: 0, ...usage },
      scores: {
        ...(usage.thinkingTokens > 0 && { thinkingMeanLogprob: logprob }),
        ...(usage.answerTokens > 0 && { answerMeanLogprob: logprob }),
        selfCertainty: scripted.selfCertainty ?? 10,
      },
    },
  ];
}

/** Where the earliest stop text begins; words are never held back, so a stop text should lie within a word. */
function stopAt(text: string, stops: readonly string[] | undefined): number | undefined {
  const found = (stops ?? []).map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : undefined;
}

import type { ChatUsage } from '../../../contracts/protocols/chat-completion.ts';
import { type Completion, type CompletionLogprobs, CreateCompletion } from '../../../contracts/protocols/completion.ts';
import type { OutputLogprob } from '../../../contracts/responses/output-item.ts';
import type { Response } from '../../../contracts/responses/response.ts';
import type { ResponseUsage } from '../../../contracts/responses/usage.ts';
import { mergeSources } from '../../../core/merge-sources.ts';
import type { AnswerPiece } from '../answer-pieces.ts';
import { noSuffix } from '../ollama/ollama-request.ts';
import { notFailed, type Run } from '../translated-runs.ts';
import { foreignFields, type Translation } from '../translation.ts';
import { chatUsage, finishReason } from './chat-answer.ts';

type Choice = Completion['choices'][number];

/** A prompt's run, and what its text begins with: the prompt itself, where it is to be echoed. */
export type PromptRun = { run: Run; prompt: number; begun: string };

/** Theirs, of a request that names none. */
const usualTokens = 16;

const notHonoured: Readonly<Record<string, string>> = {
  best_of: 'Every generated answer is returned.',
};

/**
 * A completion's request as ours, one for each prompt. `body` is what was sent, for the fields that the schema doesn't know.
 * @throws ServiceError `unsupported_input` for a suffix
 */
export function translateCompletion(request: CreateCompletion, body: Readonly<Record<string, unknown>>): Translation[] {
  const { prompt, suffix, max_tokens, logprobs, n: _n, stream: _stream, echo: _echo, ...rest } = request;
  const { stream_options: _options, ...same } = rest;
  if (suffix) throw noSuffix();
  const several = typeof prompt !== 'string';
  const warnings = foreignFields(body, CreateCompletion.shape, notHonoured);
  return (several ? prompt : [prompt]).map((input, index) => ({
    raw: true,
    origins: new Map([
      ['input', several ? `prompt[${index}]` : 'prompt'],
      ['max_output_tokens', 'max_tokens'],
      ['top_logprobs', 'logprobs'],
      ['include', 'logprobs'],
      ['mode', 'model'],
    ]),
    warnings,
    body: {
      ...same,
      input,
      mode: 'fast',
      max_output_tokens: max_tokens ?? usualTokens,
      ...(typeof logprobs === 'number' ? { include: ['message.output_text.logprobs'], top_logprobs: logprobs } : {}),
    },
  }));
}

/** Settled responses as one completion, a choice each. */
export function completionOf(runs: readonly PromptRun[], responses: readonly Response[]): Completion {
  const known = new Set(runs.flatMap(({ run }) => run.warnings.map(({ message }) => message)));
  const came = responses.flatMap(({ warnings }) => warnings.filter(({ message }) => !known.has(message)));
  return {
    ...sharedOf(runs),
    choices: responses.map((response, index) => {
      const begun = runs[index]?.begun ?? '';
      const parts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
      const scored = parts.flatMap((part) => (part.type === 'output_text' ? part.logprobs : []));
      return {
        index,
        text: begun + response.output_text,
        logprobs: logprobsOf(scored, begun.length),
        finish_reason: finishReason(response),
      };
    }),
    usage: usageOf(
      runs,
      responses.map(({ usage }) => usage),
    ),
    warnings: [...(runs[0]?.run.warnings ?? []), ...came],
  };
}

/**
 * Several answers' pieces as one stream, each choice by its index. Thoughts and calls are no part of a text.
 * @throws ServiceError once one of them has failed
 */
export async function* completionChunks(
  runs: readonly PromptRun[],
  sources: ReadonlyArray<AsyncIterable<AnswerPiece>>,
  { includeUsage }: { includeUsage: boolean },
): AsyncGenerator<Completion, void, void> {
  const usage = includeUsage ? { usage: null } : {};
  const chunk = (index: number, text: string, rest: Partial<Choice> = {}): Completion => ({
    ...sharedOf(runs),
    choices: [{ index, text, logprobs: null, finish_reason: null, ...rest }],
    ...usage,
  });
  const warnings = runs[0]?.run.warnings ?? [];
  const lengths = runs.map(({ begun }) => begun.length);
  for (const [index, { begun }] of runs.entries()) {
    const first = chunk(index, begun);
    if (index === 0 && warnings.length > 0) yield { ...first, warnings: [...warnings] };
    else if (begun !== '') yield first;
  }
  const used: Array<ResponseUsage | null> = runs.map(() => null);
  for await (const { index, piece } of mergeSources(sources.map(numbered))) {
    if (piece.type === 'end') {
      const response = notFailed(piece.response);
      used[index] = response.usage;
      yield chunk(index, '', { finish_reason: finishReason(response) });
    } else if (piece.type === 'text') {
      const at = lengths[index] ?? 0;
      lengths[index] = at + piece.text.length;
      yield chunk(index, piece.text, { logprobs: logprobsOf(piece.logprobs, at) });
    }
  }
  if (includeUsage) yield { ...sharedOf(runs), choices: [], usage: usageOf(runs, used) };
}

function sharedOf(runs: readonly PromptRun[]): Pick<Completion, 'id' | 'object' | 'created' | 'model'> {
  const job = runs[0]?.run.job;
  if (job === undefined) throw new Error('a completion has a run at least');
  const id = job.id.replace(/^resp_/, 'cmpl-');
  return { id, object: 'text_completion', created: Math.floor(job.createdAt / 1000), model: job.model };
}

/** Each prompt is counted once however many answers it has, as theirs is. */
function usageOf(runs: readonly PromptRun[], used: ReadonlyArray<ResponseUsage | null>): ChatUsage {
  const prompts = [...new Set(runs.map(({ prompt }) => prompt))].map((prompt) =>
    chatUsage(used.filter((_usage, index) => runs[index]?.prompt === prompt)),
  );
  const sum = (pick: (usage: ChatUsage) => number) => prompts.reduce((total, usage) => total + pick(usage), 0);
  return {
    prompt_tokens: sum((usage) => usage.prompt_tokens),
    completion_tokens: sum((usage) => usage.completion_tokens),
    total_tokens: sum((usage) => usage.total_tokens),
    prompt_tokens_details: { cached_tokens: sum((usage) => usage.prompt_tokens_details.cached_tokens) },
    completion_tokens_details: { reasoning_tokens: sum((usage) => usage.completion_tokens_details.reasoning_tokens) },
  };
}

/** `from`: the characters before the first of these tokens. */
function logprobsOf(scored: readonly OutputLogprob[], from: number): CompletionLogprobs | null {
  if (scored.length === 0) return null;
  let at = from;
  return {
    tokens: scored.map(({ token }) => token),
    token_logprobs: scored.map(({ logprob }) => logprob),
    top_logprobs: scored.map(({ top_logprobs }) =>
      Object.fromEntries(top_logprobs.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: scored.map(({ token }) => {
      at += token.length;
      return at - token.length;
    }),
  };
}

async function* numbered(source: AsyncIterable<AnswerPiece>, index: number) {
  for await (const piece of source) yield { index, piece };
}

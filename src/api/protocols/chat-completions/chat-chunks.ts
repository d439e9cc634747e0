import type { ChatCompletionChunk, ChatDelta } from '../../../contracts/protocols/chat-completion.ts';
import type { OutputLogprob } from '../../../contracts/responses/output-item.ts';
import type { ResponseUsage } from '../../../contracts/responses/usage.ts';
import { mergeSources } from '../../../core/merge-sources.ts';
import { type AnswerPiece, createJoinedThoughts } from '../answer-pieces.ts';
import { notFailed, type Run } from '../translated-runs.ts';
import { chatUsage, completionOf, finishReason } from './chat-answer.ts';

/**
 * Several answers' pieces as one stream of chunks, each choice by its index.
 * @throws ServiceError once one of them has failed
 */
export async function* chatChunks(
  runs: readonly Run[],
  sources: ReadonlyArray<AsyncIterable<AnswerPiece>>,
  { includeUsage }: { includeUsage: boolean },
): AsyncGenerator<ChatCompletionChunk, void, void> {
  const shared = { ...completionOf(runs, runs[0]?.job.tier ?? 'default'), object: 'chat.completion.chunk' as const };
  const usage = includeUsage ? { usage: null } : {};
  const chunk = (index: number, delta: ChatDelta, rest: Partial<ChatCompletionChunk['choices'][number]> = {}) => ({
    ...shared,
    choices: [{ index, delta, logprobs: null, finish_reason: null, ...rest }],
    ...usage,
  });
  const warnings = runs[0]?.warnings ?? [];
  for (const [index] of runs.entries()) {
    const first = chunk(index, { role: 'assistant', content: '' });
    yield index === 0 && warnings.length > 0 ? { ...first, warnings: [...warnings] } : first;
  }
  const used: Array<ResponseUsage | null> = runs.map(() => null);
  const joined = runs.map(createJoinedThoughts);
  for await (const { index, piece } of mergeSources(sources.map(numbered))) {
    if (piece.type === 'end') {
      const response = notFailed(piece.response);
      used[index] = response.usage;
      const { verdict } = response;
      yield chunk(index, {}, { finish_reason: finishReason(response), ...(verdict !== null && { verdict }) });
    } else if (piece.type === 'thought') {
      yield chunk(index, { reasoning_content: joined[index]?.(piece) ?? piece.text });
    } else {
      yield chunk(index, deltaOf(piece), piece.type === 'text' ? logprobsOf(piece.logprobs) : {});
    }
  }
  if (includeUsage) yield { ...shared, choices: [], usage: chatUsage(used) };
}

function deltaOf(piece: Exclude<AnswerPiece, { type: 'end' | 'thought' }>): ChatDelta {
  switch (piece.type) {
    case 'text':
      return { content: piece.text };
    case 'refusal':
      return { refusal: piece.text };
    case 'call': {
      const { kind: type, name } = piece;
      const call = type === 'function' ? { function: { name, arguments: '' } } : { custom: { name, input: '' } };
      return { tool_calls: [{ index: piece.call, id: piece.id, type, ...call }] };
    }
    case 'arguments': {
      const { text } = piece;
      const call = piece.kind === 'function' ? { function: { arguments: text } } : { custom: { input: text } };
      return { tool_calls: [{ index: piece.call, ...call }] };
    }
    default:
      return piece satisfies never;
  }
}

function logprobsOf(logprobs: readonly OutputLogprob[]): Partial<ChatCompletionChunk['choices'][number]> {
  return logprobs.length > 0 ? { logprobs: { content: [...logprobs], refusal: null } } : {};
}

async function* numbered(source: AsyncIterable<AnswerPiece>, index: number) {
  for await (const piece of source) yield { index, piece };
}

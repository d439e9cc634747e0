import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatDelta,
  ChatUsage,
  FinishReason,
} from '../../../contracts/protocols/chat-completion.ts';
import type { Job } from '../../../contracts/responses/job.ts';
import type { OutputLogprob } from '../../../contracts/responses/output-item.ts';
import type { Response } from '../../../contracts/responses/response.ts';
import type { ResponseUsage } from '../../../contracts/responses/usage.ts';
import { mergeSources } from '../../../core/merge-sources.ts';
import { type AnswerPiece, createJoinedThoughts } from '../answer-pieces.ts';
import { notFailed, type Run, type Settled } from '../translated-runs.ts';

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

type AnsweredRun = Pick<Run, 'job' | 'warnings'>;

/** Settled responses as one chat completion, a choice each. */
export function chatCompletion(runs: readonly AnsweredRun[], settled: readonly Settled[]): ChatCompletion {
  const responses = settled.map(({ response }) => response);
  return {
    ...completionOf(runs, responses[0]?.service_tier ?? 'default'),
    object: 'chat.completion',
    choices: settled.map(({ response, thoughts }, index) => ({
      index,
      message: messageOf(response, thoughts.join('\n\n')),
      logprobs: logprobsOfResponse(response),
      finish_reason: finishReason(response),
      verdict: response.verdict,
    })),
    usage: chatUsage(responses.map(({ usage }) => usage)),
    warnings: [...(runs[0]?.warnings ?? []), ...responses.flatMap((response) => warningsOfRun(response, runs))],
  };
}

/** What every chunk and the whole have in common. */
function completionOf(
  runs: readonly AnsweredRun[],
  tier: Response['service_tier'],
): Pick<ChatCompletionChunk, 'id' | 'created' | 'model' | 'service_tier'> {
  const job: Job | undefined = runs[0]?.job;
  if (job === undefined) throw new Error('a completion has a run at least');
  return { id: completionId(job.id), created: Math.floor(job.createdAt / 1000), model: job.model, service_tier: tier };
}

/** The id of the completion whose first answer is this response. */
export function completionId(responseId: string): string {
  return responseId.replace(/^resp_/, 'chatcmpl-');
}

/** The thoughts that a response shows. */
export function shownThoughts({ output }: Response): string[] {
  const parts = output.flatMap((item) => (item.type === 'reasoning' ? (item.content ?? []) : []));
  return parts.map(({ text }) => text);
}

export function finishReason(response: Response): FinishReason {
  if (response.output.some(isCall)) return 'tool_calls';
  if (response.incomplete_details?.reason === 'content_filter') return 'content_filter';
  return response.status === 'completed' ? 'stop' : 'length';
}

/** The prompt is counted once however many answers there are, as theirs is. */
export function chatUsage(usages: ReadonlyArray<ResponseUsage | null>): ChatUsage {
  const sum = (pick: (usage: ResponseUsage) => number) =>
    usages.reduce((total, usage) => total + (usage ? pick(usage) : 0), 0);
  const prompt = usages[0]?.input_tokens ?? 0;
  const completion = sum((usage) => usage.output_tokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usages[0]?.input_tokens_details.cached_tokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: sum((usage) => usage.output_tokens_details.reasoning_tokens) },
  };
}

function messageOf(response: Response, thought: string): ChatCompletion['choices'][number]['message'] {
  const calls = response.output.filter(isCall).map(toolCall);
  const parts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const refusal = parts.map((part) => (part.type === 'refusal' ? part.refusal : '')).join('');
  return {
    role: 'assistant',
    content: response.output_text === '' && (calls.length > 0 || refusal !== '') ? null : response.output_text,
    refusal: refusal === '' ? null : refusal,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...(thought === '' ? {} : { reasoning_content: thought }),
  };
}

type Call = Extract<Response['output'][number], { type: 'function_call' | 'custom_tool_call' }>;

function isCall(item: Response['output'][number]): item is Call {
  return item.type === 'function_call' || item.type === 'custom_tool_call';
}

function toolCall(item: Call): NonNullable<ChatCompletion['choices'][number]['message']['tool_calls']>[number] {
  const { call_id: id, name } = item;
  return item.type === 'function_call'
    ? { id, type: 'function', function: { name, arguments: item.arguments } }
    : { id, type: 'custom', custom: { name, input: item.input } };
}

function logprobsOfResponse(response: Response): ChatCompletion['choices'][number]['logprobs'] {
  const parts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []));
  const content = parts.flatMap((part) => (part.type === 'output_text' ? part.logprobs : []));
  return content.length > 0 ? { content, refusal: null } : null;
}

/** What came up while it ran; the warnings of acceptance are there by the caller's names already. */
function warningsOfRun({ warnings }: Response, runs: readonly AnsweredRun[]): Response['warnings'] {
  const accepted = new Set(runs.flatMap((run) => run.warnings.map(({ message }) => message)));
  return warnings.filter(({ message }) => !accepted.has(message));
}

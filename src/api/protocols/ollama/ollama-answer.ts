import type { OllamaChatResponse, OllamaGenerateResponse } from '../../../contracts/protocols/ollama-chat.ts';
import type { OutputLogprob } from '../../../contracts/responses/output-item.ts';
import type { Response } from '../../../contracts/responses/response.ts';
import { isObject } from '../../read-request.ts';
import { type AnswerPiece, createJoinedThoughts } from '../answer-pieces.ts';
import { parsedArguments } from '../call-arguments.ts';
import { notFailed, type Run } from '../translated-runs.ts';

type Message = OllamaChatResponse['message'];
type Call = NonNullable<Message['tool_calls']>[number];

/**
 * Pieces as Ollama's lines, the last with `done` and the figures. A call comes whole, since theirs are objects.
 * @throws ServiceError once the response has failed
 */
export async function* ollamaLines(
  run: Run,
  pieces: AsyncIterable<AnswerPiece>,
  { now }: { now(): number },
): AsyncGenerator<OllamaChatResponse, void, void> {
  const joined = createJoinedThoughts();
  for await (const piece of pieces) {
    switch (piece.type) {
      case 'thought':
        yield line(run, { thinking: joined(piece) }, { now });
        break;
      case 'text':
        yield { ...line(run, { content: piece.text }, { now }), ...logprobsOf(piece.logprobs) };
        break;
      case 'refusal':
        yield line(run, { content: piece.text }, { now });
        break;
      case 'call':
      case 'arguments':
        break;
      case 'end': {
        const response = notFailed(piece.response);
        for (const call of callsOf(response)) yield line(run, { tool_calls: [call] }, { now });
        yield { ...line(run, {}, { now }), ...ending(run, response, { now }) };
        break;
      }
      default:
        piece satisfies never;
    }
  }
}

/** Lines as the one answer of a request that didn't stream. */
export async function joinedLines(lines: AsyncIterable<OllamaChatResponse>): Promise<OllamaChatResponse | undefined> {
  let content = '';
  let thinking = '';
  const calls: Call[] = [];
  const logprobs: NonNullable<OllamaChatResponse['logprobs']> = [];
  let last: OllamaChatResponse | undefined;
  for await (const next of lines) {
    last = next;
    content += next.message.content;
    thinking += next.message.thinking ?? '';
    calls.push(...(next.message.tool_calls ?? []));
    logprobs.push(...(next.logprobs ?? []));
  }
  if (!last?.done) return undefined;
  const message = {
    role: 'assistant' as const,
    content,
    ...(thinking === '' ? {} : { thinking }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return { ...last, message, ...(logprobs.length > 0 ? { logprobs } : {}) };
}

/** An answer to `POST /api/generate`, or a line of it. */
export function asGenerated({ message, ...rest }: OllamaChatResponse): OllamaGenerateResponse {
  const { content: response, thinking } = message;
  return { ...rest, response, ...(thinking === undefined ? {} : { thinking }) };
}

/** A line that says nothing new: what an idle stream sends, since its format has no comments. */
export function idleLine(run: Run, { now }: { now(): number }): OllamaChatResponse {
  return line(run, {}, { now });
}

function line({ job }: Run, message: Partial<Message>, { now }: { now(): number }): OllamaChatResponse {
  return {
    model: job.model,
    created_at: new Date(now()).toISOString(),
    message: { role: 'assistant', content: '', ...message },
    done: false,
  };
}

/** How it ran: what came before the answer is not told apart in time, so all of it counts as evaluation. */
function ending({ job, warnings }: Run, response: Response, { now }: { now(): number }): Partial<OllamaChatResponse> {
  const elapsed = Math.max(0, Math.round((now() - job.createdAt) * 1e6));
  const known = new Set(warnings.map(({ message }) => message));
  const all = [...warnings, ...response.warnings.filter(({ message }) => !known.has(message))];
  return {
    done: true,
    done_reason: response.status === 'completed' ? 'stop' : 'length',
    total_duration: elapsed,
    load_duration: 0,
    prompt_eval_count: response.usage?.input_tokens ?? 0,
    prompt_eval_duration: 0,
    eval_count: response.usage?.output_tokens ?? 0,
    eval_duration: elapsed,
    response_id: job.id,
    ...(response.verdict !== null && { verdict: response.verdict }),
    ...(all.length > 0 ? { warnings: all } : {}),
  };
}

function callsOf({ output }: Response): Call[] {
  return output.flatMap((item) =>
    item.type === 'function_call'
      ? [{ id: item.call_id, function: { name: item.name, arguments: objectOf(item.arguments) } }]
      : [],
  );
}

/** A call that was cut short has arguments that are no object: then there are none. */
function objectOf(text: string): Record<string, unknown> {
  const value = parsedArguments(text);
  return isObject(value) ? value : {};
}

function logprobsOf(logprobs: readonly OutputLogprob[]): Pick<OllamaChatResponse, 'logprobs'> {
  return logprobs.length > 0 ? { logprobs: [...logprobs] } : {};
}

import { ServiceError } from '../../../contracts/service/service-error.ts';
import { ErrorMessage } from './wire.ts';

/** A refusal that says which request was refused: another form of the same request may pass. */
export class UpstreamRefused extends Error {
  override readonly name = 'UpstreamRefused';
  readonly status: number;
  /** The server's own words, one line, without key and address. */
  readonly reason: string;
  /** False if it may quote a prompt that was sent as token ids (thoughts included), which can't be recognised in it. */
  readonly tellable: boolean;
  /** Its whole message. It may quote the request, so it is searched and never shown or logged. */
  readonly #said: string;
  constructor(status: number, reason: string, { tellable = true, said = reason } = {}) {
    super(`the upstream refused the request with ${status}`);
    this.status = status;
    this.reason = reason;
    this.tellable = tellable;
    this.#said = said;
  }
  /** Whether its words have this, the part that can't be shown included. */
  says(words: string | RegExp): boolean {
    return typeof words === 'string' ? this.#said.includes(words) : words.test(this.#said);
  }
}

/** An upstream's error message as it came, to be searched and not to be shown. */
export function readMessage(body: unknown): string {
  return (ErrorMessage.safeParse(body).data ?? '').slice(0, longestRead);
}

/**
 * One line of an upstream's error body, safe to show: no key, no address, nothing of what was `sent` (which may hold
 * thoughts), no more than 300 characters.
 */
export function readReason(
  body: unknown,
  { secrets, sent = {} }: { secrets: readonly string[]; sent?: object },
): string {
  let reason = ErrorMessage.safeParse(body).data ?? '';
  for (const secret of secrets) if (secret !== '') reason = reason.replaceAll(secret, '…');
  return withoutEcho(reason.slice(0, longestRead), textsOf(sent))
    .replaceAll(/https?:\/\/\S+/g, '…')
    .replaceAll(/\b(?:sk|key|token)-[\w-]{8,}/gi, '…')
    .replaceAll(/(?:\/[\w.@-]+){2,}/g, '…')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 300);
}

const longestRead = 2_000;
/** Characters in a row that are no accident. */
const echoLength = 12;

/** Cut where it begins to quote the request; a server may quote the prompt, escaped or not. */
function withoutEcho(reason: string, sent: readonly string[]): string {
  const said = sent.flatMap((text) => [text, JSON.stringify(text)]);
  for (let at = 0; at + echoLength <= reason.length; at += 1) {
    const piece = reason.slice(at, at + echoLength);
    if (said.some((text) => text.includes(piece))) return `${reason.slice(0, at).trimEnd()} …`;
  }
  return reason;
}

/** Whether a request gives its prompt as token ids: a quotation of it can't be recognised. */
export function sendsTokens(sent: object): boolean {
  return 'prompt' in sent && Array.isArray(sent.prompt);
}

/** What a request says, not how its fields are called. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.length >= echoLength ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

/**
 * What a failed server says of its own state (memory, weights, load), to be appended to a sentence without its full stop. Nothing
 * else that it says is passed on: it may quote what its model wrote, and a thought can't be recognised there.
 */
export function ofItsState({ tellable, reason }: UpstreamRefused): string {
  const [said = ''] = reason.split(/["'`]|\braw\b/);
  const quotes = /pars|prompt|input|output|template|messages?\b/i.test(said);
  return tellable && !quotes && stateWords.test(said) ? `: ${said.trim().replace(/\.$/, '')}` : '';
}

const stateWords =
  /\b(?:v?ram|memory|gpu|cuda|load(?:ed|ing)?|unloaded|starting|terminated|crashed|died|busy|overloaded|queue|quota|rate limit)\b/i;

/** What a refused request is to our own caller: a mistake of the request, or an upstream that can't be used. */
export function toServiceError(refused: UpstreamRefused, modelId: string, constrained: boolean): ServiceError {
  const { status, reason } = refused;
  const told = refused.tellable && reason !== '' ? `: ${reason}` : '';
  if (status === 401 || status === 403) {
    return unavailable(modelId, 'refused the key of this service', { retryable: false, cause: refused });
  }
  if (status === 404 || status === 405 || status === 501) {
    return unavailable(modelId, `has no such model or route${told.replace(/\.$/, '')}`, {
      retryable: false,
      cause: refused,
    });
  }
  if (
    refused.says(/context|max_model_len|maximum .{0,20}length|too (?:many tokens|long)|exceed/i) &&
    refused.says(/token|context|length/i)
  ) {
    return new ServiceError({
      code: 'context_length_exceeded',
      message: `The request is longer than the context of ${modelId}${told}`,
      param: 'input',
      cause: refused,
    });
  }
  if (constrained && refused.says(/schema|grammar|regex|guided|structured|response_format|xgrammar/i)) {
    return new ServiceError({
      code: 'unsupported_constraint',
      message: `${modelId} cannot constrain an answer to this format${told}`,
      param: 'text.format',
      cause: refused,
    });
  }
  return new ServiceError({
    code: 'invalid_value',
    message: `The server behind ${modelId} refused the request${told}`,
    cause: refused,
  });
}

/** `what` continues "The server behind X …". */
export function unavailable(
  modelId: string,
  what: string,
  options: { retryable?: boolean; retryAfterSeconds?: number | undefined; cause?: unknown } = {},
): ServiceError {
  return new ServiceError({
    code: 'model_unavailable',
    message: `The server behind ${modelId} ${what}.`,
    retryable: options.retryable ?? true,
    ...(options.retryAfterSeconds !== undefined && { retryAfterSeconds: options.retryAfterSeconds }),
    cause: options.cause,
  });
}

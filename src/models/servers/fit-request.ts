import type { Prompt } from '../../contracts/responses/prompt.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import type { GenerateRequest, ModelCapabilities } from '../../core/language-model.ts';
import { estimatePrompt, isNearLimit, reserveOf, roomBesidePrompt, tokensOfSegments } from '../../core/token-ledger.ts';
import type { ModelServer } from './model-server.ts';
import { withFormatInstruction } from './stream/messages.ts';
import { renderPrompt } from './stream/raw-prompt.ts';
import { unlessRefused } from './stream/refusals.ts';
import { losesLogprobs } from './stream/request-body.ts';
import { alwaysThinking } from './thinking/run-sample.ts';
import type { SampleContext } from './thinking/sample-context.ts';
import { canContinueThought } from './thinking/sample-tokens.ts';

/**
 * A request as its server can run it: with the format in its prompt, and an answer no longer than the context allows. Our
 * estimate decides where it is far from the limit; near it the server's tokenizer is asked, if it has one.
 * @throws ServiceError `context_length_exceeded`
 */
export async function fitRequest(
  server: ModelServer,
  asked: GenerateRequest,
  signal: AbortSignal,
): Promise<Pick<SampleContext, 'request' | 'room' | 'promptTokens'>> {
  const { config, dialect } = server;
  const request = dialect.needsFormatInstruction
    ? { ...asked, prompt: withFormatInstruction(asked.prompt, asked.answer.constraint) }
    : asked;
  const load = {
    contextLength: config.contextLength,
    estimate: estimatePrompt(request.prompt),
    begun: tokensOfSegments([...(request.thinking?.prefix ?? []), ...(request.answer.prefix ?? [])]),
    budgetTokens: request.thinking?.budgetTokens ?? 0,
    answer: request.answer,
  };
  const thinks = request.thinking !== undefined;
  const exact = isNearLimit(load) ? await exactTokens(server, request.prompt, { thinking: thinks, signal }) : undefined;
  // Where thinking can't be switched off, as much again is asked for it.
  const { tokens, fits, room, answerTokens } = roomBesidePrompt(load, {
    exact,
    shares: alwaysThinking(server) ? 2 : 1,
  });
  if (!fits) {
    throw new ServiceError({
      code: 'context_length_exceeded',
      message: `The prompt (${tokens} tokens) and the answer's ${reserveOf(request.answer)} do not fit into the context of ${config.id} (${config.contextLength} tokens).`,
      param: 'input',
    });
  }
  const answer = { ...request.answer, maxTokens: answerTokens };
  return { request: { ...request, answer }, room, promptTokens: tokens };
}

/** Tokens of a prompt by the server's own tokenizer; undefined where it has none to ask. */
export function exactTokens(
  { client, config, dialect, family, refusals }: ModelServer,
  prompt: Prompt,
  { thinking, signal }: { thinking: boolean; signal: AbortSignal },
): Promise<number | undefined> {
  if (dialect.render === undefined || refusals.has('raw')) return Promise.resolve(undefined);
  const access = { client, dialect, family, model: config.model, signal };
  return unlessRefused(refusals, async () => (await renderPrompt(access, prompt, { thinking })).count);
}

/** @throws ServiceError `unsupported_constraint`, `unsupported_input` for what this server can't do at all */
export function assertServed({ config }: ModelServer, capabilities: ModelCapabilities, request: GenerateRequest): void {
  const { constraint } = request.answer;
  if (constraint !== undefined && !capabilities.constraints.includes(constraint.type)) {
    throw new ServiceError({
      code: 'unsupported_constraint',
      message: `${config.id} cannot constrain an answer to ${constraint.type}.`,
      param: 'text.format',
    });
  }
  if ((request.thinking?.prefix?.length ?? 0) > 0 && !capabilities.rollback) {
    throw new ServiceError({ code: 'unsupported_input', message: `${config.id} cannot continue a partial thought.` });
  }
}

/** Logs what a request asks for and won't get, where neither the capabilities nor an event can say so. */
export function warnOfLimits({ dialect, refusals, warn }: ModelServer, request: GenerateRequest): void {
  const { topLogprobs, spareLogprobs } = request.answer;
  if (topLogprobs !== undefined && !spareLogprobs && losesLogprobs(dialect, request)) {
    warn('does not return log-probabilities together with tools');
  }
  if ((request.thinking?.minimumTokens ?? 0) > 0 && !canContinueThought({ dialect, refusals })) {
    warn('cannot continue a thought that has ended, so minimum_tokens is not enforced');
  }
}

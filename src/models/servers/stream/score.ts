import type { ScoreRequest, ScoreResult } from '../../../core/language-model.ts';
import type { ModelFamily } from '../../families/family.ts';
import type { Dialect } from '../client/dialect.ts';
import type { UpstreamClient } from '../client/upstream-client.ts';
import { toServiceError, UpstreamRefused, unavailable } from '../client/upstream-error.ts';
import { PromptLogprobs } from '../client/wire.ts';
import { extend, renderPrompt } from './raw-prompt.ts';
import type { Refusals } from './refusals.ts';
import { cacheSalt } from './request-body.ts';

/**
 * Log-probabilities of continuations by vLLM's `prompt_logprobs`: the continuation is part of the prompt, one token is
 * decoded and thrown away. Of the raw distribution, which is that server's default (`--logprobs-mode raw_logprobs`).
 */
export async function scoreContinuations(
  access: {
    client: UpstreamClient;
    dialect: Dialect;
    family: ModelFamily;
    model: string;
    modelId: string;
    refusals: Refusals;
    signal: AbortSignal;
  },
  request: ScoreRequest,
): Promise<ScoreResult> {
  const { client, dialect, family, model, modelId, refusals, signal } = access;
  const thoughts = request.thinking?.map(({ text }) => text).join('');
  try {
    const rendered = await renderPrompt(access, request.prompt, { thinking: thoughts !== undefined });
    const close = family.tags?.close ?? family.answerMarker ?? '';
    const start = await extend(
      access,
      rendered,
      thoughts === undefined ? '' : `${thoughts}${close}${family.afterThought}`,
    );
    const salt = refusals.has(dialect.cacheSaltField ?? '') ? {} : cacheSalt(dialect, request.cacheScope);
    let cachedTokens = 0;
    const continuations: Array<{ logprob: number; tokens: number }> = [];
    // One after the other: the second finds the first one's prefix in the cache.
    for (const text of request.continuations) {
      const whole = await extend(access, start, text);
      const tokens = whole.count - start.count;
      if (tokens === 0) {
        continuations.push({ logprob: 0, tokens });
        continue;
      }
      const body = { model, prompt: whole.tokens, max_tokens: 1, temperature: 0, prompt_logprobs: 0, ...salt };
      const parsed = PromptLogprobs.safeParse(await client.json('/completions', body, { signal }));
      if (!parsed.success) throw none(modelId);
      const answer = parsed.data;
      const entries = answer.choices[0]?.prompt_logprobs.slice(-tokens) ?? [];
      const ids = whole.tokens?.slice(-tokens) ?? [];
      const logprobs = ids.map((id, index) => entries[index]?.[String(id)]?.logprob);
      if (logprobs.some((logprob) => logprob === undefined)) throw none(modelId);
      continuations.push({ logprob: logprobs.reduce<number>((sum, logprob) => sum + (logprob ?? 0), 0), tokens });
      cachedTokens = Math.max(cachedTokens, answer.usage?.prompt_tokens_details?.cached_tokens ?? 0);
    }
    return { continuations, usage: { inputTokens: start.count, cachedTokens } };
  } catch (error) {
    if (error instanceof UpstreamRefused) throw toServiceError(error, modelId, false);
    throw error;
  }
}

const none = (modelId: string) =>
  unavailable(modelId, 'gave no log-probabilities for the prompt', { retryable: false });

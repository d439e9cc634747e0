import type { Prompt } from '../contracts/responses/prompt.ts';
import type { CacheScope, LanguageModel } from '../core/language-model.ts';

/**
 * The model for one response: its calls share a cache with each other, and the owner's own `prompt` is also shared with the
 * owner's other responses. Prompts that a strategy makes contain drafts or thoughts, so they stay within the response.
 * `keyed`: the response belongs to a key, which must not learn what a server found in a cache that all keys share.
 */
export function withCacheScope(
  model: LanguageModel,
  { prompt, keyed, owner, response }: { prompt: Prompt; keyed: boolean; owner: string; response: string },
): LanguageModel {
  const scoped = <Request extends { prompt: Prompt }>(request: Request): Request & { cacheScope: CacheScope } => ({
    ...request,
    cacheScope: { owner, response, ownPrompt: request.prompt === prompt },
  });
  // Checked each time, because a server may have rejected the cache salt meanwhile.
  const isShared = () => model.capabilities.cacheByOwner !== true;
  return {
    ...model,
    async *generate(request, options) {
      for await (const event of model.generate(scoped(request), options)) {
        if (event.type === 'finish' && keyed && isShared())
          yield { ...event, usage: { ...event.usage, cachedTokens: 0 } };
        else yield event;
      }
    },
    score: (request, options) => model.score(scoped(request), options),
  };
}

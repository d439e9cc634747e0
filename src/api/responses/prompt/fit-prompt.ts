import type { CreateResponse } from '../../../contracts/responses/create-response.ts';
import type { ChatMessage, Prompt } from '../../../contracts/responses/prompt.ts';
import type { ModelCard, ModelCatalog } from '../../../contracts/service/model-card.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import { throwIfGone } from '../client-gone.ts';

/**
 * The prompt and its tokens. With `truncation: auto` the oldest turns go, whole exchanges from one message of the user's
 * to the next, until prompt and `reserve` fit the context; system turns and the last exchange stay.
 * @throws ServiceError `context_length_exceeded`
 */
export async function fitPrompt(
  prompt: Prompt,
  options: {
    request: CreateResponse;
    card: ModelCard;
    catalog: ModelCatalog;
    thinking: boolean;
    /** Tokens that the answer needs. */
    reserve: number;
    /** Counting ends when the client is gone. */
    signal?: AbortSignal | undefined;
  },
): Promise<{ prompt: Prompt; tokens: number; dropped: number }> {
  const { request, card, catalog, thinking, reserve, signal } = options;
  // What is longer than the context is refused or shortened: by how much it is longer is never counted.
  const limits = { thinking, most: card.context_length, ...(signal && { signal }) };
  const count = (candidate: Prompt) =>
    catalog.countTokens(card.id, candidate, limits).catch((error: unknown) => {
      throwIfGone(signal);
      throw error;
    });
  const tokens = await count(prompt);
  const room = card.context_length - reserve;
  if (request.truncation === 'auto' && tokens > room) {
    const cuts = userTurns(prompt.messages).slice(1);
    // The fewest turns that make it fit: tokens only fall as more goes.
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((await count(from(prompt, cuts[middle] ?? 0))) <= room) high = middle;
      else low = middle + 1;
    }
    const cut = cuts[Math.min(low, cuts.length - 1)];
    if (cut !== undefined) {
      const shortened = from(prompt, cut);
      const left = await count(shortened);
      const dropped = prompt.messages.length - shortened.messages.length;
      if (left < card.context_length) return { prompt: shortened, tokens: left, dropped };
    }
  }
  if (tokens < card.context_length) return { prompt, tokens, dropped: 0 };
  throw new ServiceError({
    code: 'context_length_exceeded',
    message: `The input is at least ${tokens} tokens long; the context of '${card.id}' is ${card.context_length} tokens, answer included.`,
    param: 'input',
  });
}

function userTurns(messages: readonly ChatMessage[]): number[] {
  return messages.flatMap(({ role }, index) => (role === 'user' ? [index] : []));
}

function from(prompt: Prompt, cut: number): Prompt {
  return { ...prompt, messages: prompt.messages.filter(({ role }, index) => role === 'system' || index >= cut) };
}

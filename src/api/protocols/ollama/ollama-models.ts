import type { OllamaRunning, OllamaShow, OllamaTags } from '../../../contracts/protocols/ollama-chat.ts';
import type { ModelCard } from '../../../contracts/service/model-card.ts';

/** The service's own version where their clients ask for Ollama's: one that has `think` and structured output. */
export const ollamaVersion = '0.12.0';

/** What a card knows of what `GET /api/tags` tells; sizes, digests and quantisation are nobody's business here. */
export function ollamaTag(card: ModelCard): OllamaTags['models'][number] {
  return {
    name: card.id,
    model: card.id,
    modified_at: modifiedAt(card),
    size: 0,
    digest: '',
    details: detailsOf(card),
  };
}

/** A model that stays loaded: it expires when Ollama's own do that were told never to (`keep_alive: -1`), in some 292 years. */
export function ollamaRunning(card: ModelCard): OllamaRunning['models'][number] {
  const { modified_at: _modified, ...tag } = ollamaTag(card);
  return { ...tag, expires_at: '2318-01-01T00:00:00Z', size_vram: 0, context_length: card.context_length };
}

export function ollamaShow(card: ModelCard): OllamaShow {
  const { thinking, tools, inputs } = card.capabilities;
  return {
    modelfile: '',
    parameters: '',
    template: '',
    license: '',
    modified_at: modifiedAt(card),
    details: detailsOf(card),
    model_info: {
      'general.architecture': card.family,
      'general.basename': card.id,
      [`${card.family}.context_length`]: card.context_length,
    },
    capabilities: [
      'completion',
      ...(thinking ? ['thinking'] : []),
      ...(tools ? ['tools'] : []),
      ...(inputs.includes('image') ? ['vision'] : []),
    ],
  };
}

function detailsOf(card: ModelCard): OllamaShow['details'] {
  return {
    parent_model: '',
    format: card.implementation,
    family: card.family,
    families: [card.family],
    parameter_size: '',
    quantization_level: '',
  };
}

function modifiedAt(card: ModelCard): string {
  return new Date(card.created * 1000).toISOString();
}

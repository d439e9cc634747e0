import type { ModelCard, ModelCatalog } from './model-card.ts';

/** What the workers say of their models, by id. `contextLengths`: tokens. `capabilities`: of models behind servers. */
export type WorkersModels = {
  contextLengths: ReadonlyMap<string, number>;
  capabilities: ReadonlyMap<string, ModelCard['capabilities']>;
};

/**
 * A catalogue whose cards promise no more than the workers have, where those run elsewhere: their key/value caches may hold
 * fewer tokens than the model takes, and a server may turn out to do less, or more. `known` is read at each look.
 */
export function asWorkersHave(catalog: ModelCatalog, known: () => WorkersModels): ModelCatalog {
  const shown = (card: ModelCard): ModelCard => {
    const { contextLengths, capabilities } = known();
    const length = contextLengths.get(card.id);
    const learned = card.implementation === 'openai' ? capabilities.get(card.id) : undefined;
    return {
      ...card,
      ...(length !== undefined && { context_length: length }),
      ...(learned !== undefined && { capabilities: learned }),
    };
  };
  return {
    ...catalog,
    list: () => catalog.list().map(shown),
    get(id) {
      const card = catalog.get(id);
      return card && shown(card);
    },
  };
}

import type { ModelCatalog } from '../contracts/model-card.ts';

/**
 * A catalogue whose cards promise no more than the workers have room for, where those run elsewhere: their key/value
 * caches may hold fewer tokens than the model takes. `contextLengths` in tokens by model, as it stands at each look.
 */
export function withContextLengths(
  catalog: ModelCatalog,
  contextLengths: () => ReadonlyMap<string, number>,
): ModelCatalog {
  const shown = <Card extends { id: string; context_length: number }>(card: Card): Card => {
    const length = contextLengths().get(card.id);
    return length === undefined ? card : { ...card, context_length: length };
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

import { beforeAll, describe, expect, it } from 'vitest';
import { ModelCard, type ModelCatalog } from '../../../src/contracts/service/model-card.ts';
import { type CatalogEntry, createModelCatalog, localCatalogEntry } from '../../../src/models/config/catalog.ts';
import { readEffortTable } from '../../../src/models/config/effort-tables.ts';
import { generateCapabilities } from '../../../src/models/local/generate/generate-model.ts';

let entry: CatalogEntry;
let catalog: ModelCatalog;
beforeAll(async () => {
  entry = await localCatalogEntry('models/thinkfirst-135m', generateCapabilities);
  catalog = createModelCatalog([entry, { ...entry, card: { ...entry.card, id: 'org/second' } }]);
});

describe('model catalogue', () => {
  it('lists cards in the order of the configuration', () => {
    expect(catalog.list().map(({ id }) => id)).toEqual(['thinkfirst-135m', 'org/second']);
    expect(ModelCard.parse(catalog.get('thinkfirst-135m'))).toMatchObject({
      family: 'thinkfirst',
      context_length: 8192,
    });
    expect(catalog.get('none')).toBeUndefined();
  });

  it('promises no more context than there is room for where the model runs', async () => {
    const { card } = await localCatalogEntry('models/thinkfirst-135m', generateCapabilities, 5_825);
    expect(card.context_length).toBe(5_825);
  });

  it('counts the template with the text, and an open thought apart from a closed one', async () => {
    const prompt = { messages: [{ role: 'user' as const, content: 'Hi' }] };
    expect(await catalog.countTokens('thinkfirst-135m', prompt, { thinking: true })).toBe(12);
    expect(await catalog.countTokens('thinkfirst-135m', prompt, { thinking: false })).toBe(14);
  });

  it('refuses an unknown model and two of one id', async () => {
    const prompt = { messages: [{ role: 'user' as const, content: 'Hi' }] };
    await expect(catalog.countTokens('none', prompt, { thinking: true })).rejects.toMatchObject({
      code: 'model_not_found',
    });
    expect(() => catalog.effortTable('none')).toThrow(/no model none/);
    expect(() => createModelCatalog([entry, entry])).toThrow(/different ids/);
  });

  it('has an effort table for each: one that is given, its own or the default one', () => {
    expect(catalog.effortTable('thinkfirst-135m').natural_tokens).toBeLessThanOrEqual(384);
    expect(catalog.effortTable('org/second').model).toBe('org/second');
    const given = { ...readEffortTable('thinkfirst-135m'), temperature: 0.123 };
    expect(createModelCatalog([entry], new Map([[given.model, given]])).effortTable(given.model)).toBe(given);
  });

  it('has another default for a model that thinks by itself than for one that is asked to', () => {
    const other = (family: string) => createModelCatalog([{ ...entry, card: { ...entry.card, id: 'x', family } }]);
    const [thinking, plain] = ['qwen3', 'plain'].map((family) => other(family).effortTable('x'));
    expect(thinking?.natural_tokens).toBeGreaterThan(plain?.natural_tokens ?? Number.POSITIVE_INFINITY);
    expect(thinking?.levels.medium.budget_tokens).toBeGreaterThan(3 * (thinking?.natural_tokens ?? 0));
  });

  it.each(['thinkfirst-135m', 'any-other'])(
    'spends more with each effort of %s that is not merged with the one below',
    (id) => {
      const { levels, natural_tokens } = readEffortTable(id);
      const order = [levels.low, levels.medium, levels.high, levels.xhigh, levels.max];
      const budgets = order.map((level) => level.budget_tokens);
      expect(budgets).toEqual([...budgets].sort((a, b) => a - b));
      const below = [undefined, ...order];
      for (const [index, level] of order.entries()) {
        if (level.budget_tokens === below[index]?.budget_tokens) expect(level).toEqual(below[index]);
      }
      expect(levels.high.budget_tokens).toBeGreaterThan(levels.low.budget_tokens);
      // Each holds one chain whole at least, and as many as have to agree.
      for (const level of order) expect(natural_tokens * level.agree).toBeLessThanOrEqual(level.budget_tokens);
    },
  );
});

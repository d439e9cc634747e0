/** What a server turns out to do reaches the model's card: in the process that uses it, and where only workers do. */
import { expect, it } from 'vitest';
import { asWorkersHave } from '../../src/contracts/service/model-card.ts';
import { catalogEntries } from '../../src/entry/models/load-models.ts';
import { createModelCatalog } from '../../src/models/config/catalog.ts';
import { parseModelEntries } from '../../src/models/config/model-config.ts';
import { connect, run, script, thinking } from '../support/upstream-run.ts';

const refuses = ['thinking_token_budget', 'top_k'];

async function catalogOf(model: Awaited<ReturnType<typeof connect>>['model'], url: string) {
  const entry = { id: model.id, url, model: 'served-name', family: 'qwen3', dialect: 'vllm' };
  const loaded = new Map([[model.id, model]]);
  return createModelCatalog(
    await catalogEntries(
      parseModelEntries([entry], () => undefined).filter((config) => config.kind === 'upstream'),
      loaded,
    ),
  );
}

it('the card shows what the server has refused since it was made', async () => {
  const { model, server } = await connect({ dialect: 'vllm', script, refuses });
  const catalog = await catalogOf(model, server.url);
  const before = catalog.list()[0]?.capabilities;
  expect(before).toMatchObject({ server_budget: 'unverified', batching: true, parallel: 16 });
  expect(before?.sampling).toContain('top_k');
  await run(model, thinking(100, { sampling: { temperature: 1, topK: 5 } }));
  expect(catalog.get(model.id)?.capabilities).toMatchObject({ server_budget: 'refused' });
  expect(catalog.list()[0]?.capabilities.sampling).not.toContain('top_k');
});

it('an API without workers of its own shows what they have found out', async () => {
  const { model, server } = await connect({ dialect: 'vllm', script });
  const own = await catalogOf(model, server.url);
  const card = own.list()[0];
  if (card === undefined) throw new Error('no card');
  const capabilities = new Map([
    [card.id, { ...card.capabilities, server_budget: 'ignored' as const, rollback: false }],
  ]);
  const catalog = asWorkersHave(own, () => ({
    contextLengths: new Map([[card.id, 2_048]]),
    capabilities,
    pythonRefusals: new Map(),
  }));
  expect(catalog.get(card.id)).toMatchObject({
    context_length: 2_048,
    capabilities: { server_budget: 'ignored', rollback: false },
  });
});

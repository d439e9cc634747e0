import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModelCatalog, localCatalogEntry } from '../../src/models/config/catalog.ts';
import {
  createDecoderModel,
  createFolderGrammar,
  type DecoderModel,
} from '../../src/models/local/decoder/decoder-model.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { localCapabilities } from '../../src/models/local/local-model.ts';
import { createService } from '../worker/service.ts';

/** The embedded model's own table and weights behind the API and the worker, in one process, so that its work can be counted. */
describe('the embedded model', () => {
  let model: DecoderModel;
  let service: Awaited<ReturnType<typeof createService>>;

  beforeAll(async () => {
    const folder = await loadModelFolder('models/thinkfirst-135m');
    const grammar = createFolderGrammar(folder);
    const warn = (message: string) => {
      throw new Error(message);
    };
    const opened = await createDecoderModel({
      folder,
      ...(grammar && { grammar }),
      threads: 2,
      kvMegabytes: 256,
      kvBits: 8,
      warn,
      now: Date.now,
    });
    if ('unsupported' in opened) throw new Error(opened.unsupported);
    model = opened.model;
    const entry = await localCatalogEntry('models/thinkfirst-135m', localCapabilities, model.contextLength);
    const { name: family, correction } = folder.family;
    service = await createService(
      { ...model, capabilities: { ...model.capabilities, family, correction } },
      { catalog: createModelCatalog([entry]), now: Date.now },
    );
  });
  afterAll(() => model?.close());

  it.each(['hi', 'Who wrote Hamlet?'])('answers %j at medium, and not as if it were a sum', async (input) => {
    const response = await service.answered({ input, reasoning: { effort: 'medium' }, seed: 1 });
    expect(response.status).toBe('completed');
    expect(response.output_text).toMatch(/\p{L}/u);
    expect(response.output_text).not.toMatch(/^\s*(?:so )?the answer is\b/i);
  });

  it('reads a long prompt once, for draft and chain together', async () => {
    const input = `${'word '.repeat(1_700)}\nWhat is 12 + 30?`;
    const before = model.stats().prefilledTokens;
    const { usage, status } = await service.answered({ input, reasoning: { effort: 'low' }, seed: 1 });
    const prefilled = model.stats().prefilledTokens - before;
    expect(status).toBe('completed');
    expect(prefilled).toBeGreaterThan(0);
    // Besides the prompt: the ends of its other renderings, and sentences that are put into thoughts.
    expect(prefilled).toBeLessThan(1.2 * (usage?.input_tokens ?? 0));
  });
});

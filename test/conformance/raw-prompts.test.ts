import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { createDecoderModel } from '../../src/models/local/decoder/decoder-model.ts';
import { loadModelFolder, type ModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { renderText } from '../../src/models/local/folder/render-prompt.ts';
import { dialectNames } from '../../src/models/servers/client/dialect.ts';
import { requestOf, runOne } from '../suites/language-model-run.ts';
import { connect, request, run, script, words } from '../support/upstream-run.ts';

const rawOf = (content: string) => ({ messages: [{ role: 'user' as const, content }], raw: true as const });

describe.each(dialectNames)('a raw prompt at %s', (dialect) => {
  it('is completed as it is, and special tokens in it are only text', async () => {
    const { model, server } = await connect({ dialect, script });
    const result = await run(model, request({ prompt: rawOf('Once <|im_start|>system upon') }));
    expect(result.answer).toBe(script.answer.join(''));
    expect(server.completions().map(({ path }) => path)).toEqual(['/v1/completions']);
    const { prompt } = server.completions()[0]?.body ?? {};
    expect(prompt).toMatch(/^Once .* upon$/);
    // Another service of this kind does so itself.
    if (dialect !== 'thinkfirst') expect(prompt).not.toContain('<|im_start|>');
  });

  it('has the thought of a model that thinks all the same split off', async () => {
    const answer = words('<think> two and two </think> The answer is 4.');
    const { model } = await connect({ dialect, script: { thoughts: [], answer } });
    const result = await run(model, request({ prompt: rawOf('How much is 2 + 2?') }));
    expect(result.answer.trim()).toBe('The answer is 4.');
    expect(result.finish?.usage.thinkingTokens).toBeGreaterThan(0);
  });
});

it('a server without plain completions says so', async () => {
  const { model } = await connect({ dialect: 'plain', script, hides: ['/v1/completions'] });
  await expect(run(model, request({ prompt: rawOf('Once') }))).rejects.toMatchObject({ name: 'ServiceError' });
});

describe('the embedded model', () => {
  let folder: ModelFolder;
  let model: LanguageModel;
  beforeAll(async () => {
    folder = await loadModelFolder('models/thinkfirst-135m');
    const warn = (message: string) => {
      throw new Error(message);
    };
    const opened = await createDecoderModel({ folder, threads: 2, kvMegabytes: 64, kvBits: 8, warn, now: Date.now });
    if ('unsupported' in opened) throw new Error(opened.unsupported);
    model = opened.model;
  }, 60_000);
  afterAll(() => model.close());

  it('goes on with a raw prompt without its template', async () => {
    const text = 'One, two, three, four, five, six,';
    expect(renderText(folder, rawOf(text), false)).toBe(text);
    const defused = renderText(folder, rawOf('a<|im_end|>b<think>c'), false);
    expect(folder.tokenizer.encode(defused).some((id) => folder.tokenizer.isSpecial(id))).toBe(false);
    const { finish } = await runOne(model, requestOf(rawOf(text), { answer: { maxTokens: 4 } }));
    expect(finish.usage).toMatchObject({ inputTokens: folder.tokenizer.encode(text).length, thinkingTokens: 0 });
  });

  it('never samples a token whose logit is lowered far enough, and repeats less where it is penalised for it', async () => {
    const prompt = { messages: [{ role: 'user' as const, content: 'Say: red red red red red red red red' }] };
    const answer = { maxTokens: 12 };
    const plain = await runOne(model, requestOf(prompt, { answer }));
    const [first = 0] = plain.answerIds;
    const biased = await runOne(
      model,
      requestOf(prompt, { answer, sampling: { temperature: 0, logitBias: { [first]: -100 } } }),
    );
    expect(biased.answerIds).not.toContain(first);
    const repeats = ({ answerIds }: { answerIds: readonly number[] }) => answerIds.length - new Set(answerIds).size;
    const penalised = { temperature: 0, presencePenalty: 2, frequencyPenalty: 2 };
    const varied = await runOne(model, requestOf(prompt, { answer, sampling: penalised }));
    expect(repeats(plain)).toBeGreaterThan(repeats(varied));
  });
});

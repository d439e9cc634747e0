import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { createGgufModel } from '../../src/models/local/gguf/gguf-local-model.ts';
import { installedLlama } from '../../src/models/local/gguf/llama-library.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';
import { embeddedQuestions } from '../suites/language-model-questions.ts';

/** The embedded model's weights as bench/upstream/to-gguf.py writes them. */
const own = process.env['GGUF_FILE'] ?? '';
if (installedLlama() !== undefined && existsSync(own)) {
  languageModelSuite('llama.cpp on the embedded model’s weights', async () => {
    const folder = await loadModelFolder('models/thinkfirst-135m');
    const model = await createGgufModel(own, {
      threads: 1,
      kvMegabytes: 256,
      gpu: false,
      now: Date.now,
      warn: (message) => {
        throw new Error(message);
      },
    });
    const retokenise = (text: string) => folder.tokenizer.encode(text).length;
    return { model, ...embeddedQuestions, retokenise, column: 'GGUF in process' };
  });
} else {
  describe('LanguageModel: llama.cpp', () => {
    it.skip('needs node-llama-cpp, and the embedded model as GGUF in GGUF_FILE', () => {});
  });
}

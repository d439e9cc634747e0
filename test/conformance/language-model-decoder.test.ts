import { describe } from 'vitest';
import { createDecoderModel, createFolderGrammar } from '../../src/models/local/decoder/decoder-model.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';
import { embeddedQuestions } from '../suites/language-model-questions.ts';

describe.each([8, 32] as const)('a KV cache of %i bits', (kvBits) => {
  languageModelSuite('the batch decoder on the embedded model', async () => {
    const folder = await loadModelFolder('models/thinkfirst-135m');
    const grammar = createFolderGrammar(folder);
    const opened = await createDecoderModel({
      folder,
      threads: 2,
      kvMegabytes: 256,
      kvBits,
      warn: (message) => {
        throw new Error(message);
      },
      now: Date.now,
      ...(grammar && { grammar }),
    });
    if ('unsupported' in opened) throw new Error(opened.unsupported);
    return {
      model: opened.model,
      ...embeddedQuestions,
      retokenise: (text) => folder.tokenizer.encode(text).length,
      ...(kvBits === 8 && { column: 'ONNX in process' }),
    };
  });
});

import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { createGenerateModel } from '../../src/models/local/generate/generate-model.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';
import { embeddedQuestions } from '../suites/language-model-questions.ts';

languageModelSuite('transformers.js generate() on the embedded model', async () => {
  const folder = await loadModelFolder('models/thinkfirst-135m');
  const model = await createGenerateModel(folder, { threads: 2, now: Date.now });
  return { model, ...embeddedQuestions, retokenise: (text) => folder.tokenizer.encode(text).length };
});

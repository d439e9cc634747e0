/**
 * The suite against a server that you run, with the embedded model's own weights behind it (bench/upstream/README.md says how):
 * UPSTREAM='{"id":"real","url":"http://127.0.0.1:8081/v1","model":"thinkfirst","family":"thinkfirst","dialect":"llama.cpp"}'
 */
import { describe } from 'vitest';
import { parseModelEntries } from '../../src/models/config/model-config.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';
import { embeddedQuestions } from '../suites/language-model-questions.ts';

const { UPSTREAM } = process.env;

describe.skipIf(UPSTREAM === undefined)('a real server', () => {
  languageModelSuite(`openai, ${UPSTREAM ?? 'UPSTREAM is not set'}`, async () => {
    const [config] = parseModelEntries([JSON.parse(UPSTREAM ?? '')], () => undefined);
    if (config?.kind !== 'upstream') throw new Error('UPSTREAM must be the entry of a server');
    const { tokenizer } = await loadModelFolder('models/thinkfirst-135m');
    return {
      model: createOpenaiModel(config),
      ...embeddedQuestions,
      ...(config.dialect === 'llama.cpp' && { column: config.dialect }),
      retokenise: (text) => tokenizer.encode(text).length,
    };
  });
});

import { createInferenceProxy } from '../../src/models/local/process/inference-proxy.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';
import { scriptedQuestions } from '../suites/language-model-questions.ts';
import { linkInference } from '../support/inference-link.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { suiteScript } from '../support/suite-script.ts';

languageModelSuite('scripted behind the inference protocol', async () => {
  const model = createScriptedModel({ contextLength: 4096, script: suiteScript });
  const { connection } = linkInference(model);
  const { id, contextLength, capabilities } = model;
  return {
    model: createInferenceProxy({ id, contextLength, capabilities }, (sent, options) => connection.call(sent, options)),
    ...scriptedQuestions,
  };
});

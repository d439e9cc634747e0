import { languageModelSuite } from '../suites/language-model.suite.ts';
import { scriptedQuestions } from '../suites/language-model-questions.ts';
import { createScriptedModel } from '../support/scripted-language-model.ts';
import { suiteScript } from '../support/suite-script.ts';

languageModelSuite('scripted', async () => ({
  model: createScriptedModel({ contextLength: 4096, script: suiteScript }),
  ...scriptedQuestions,
}));

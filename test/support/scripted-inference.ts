/** An inference process of scripted models, which tests fork instead of workers/inference.ts. */
import { createScriptedModel } from './scripted-language-model.ts';
import { serveScripted } from './serve-scripted.ts';
import { suiteScript } from './suite-script.ts';

serveScripted((id) => createScriptedModel({ id, contextLength: 4096, script: suiteScript }));

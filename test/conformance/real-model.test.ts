/**
 * The suite against a model of yours, by its entry as in thinkfirst.config.json: a server that you run, a GGUF file or a folder
 * (bench/upstream/README.md says how). The embedded model's own weights are asked what the embedded model is asked:
 * REAL_MODEL='{"id":"real","url":"http://127.0.0.1:8081/v1","model":"thinkfirst","family":"thinkfirst","dialect":"llama.cpp"}'
 * Others need a folder with their tokenizer: REAL_MODEL='"/models/qwen.gguf"' REAL_TOKENIZER=/models/qwen-onnx
 */
import { describe } from 'vitest';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { type ModelConfig, parseModelEntries } from '../../src/models/config/model-config.ts';
import { loadModelFolder } from '../../src/models/local/folder/model-folder.ts';
import { isGguf } from '../../src/models/local/gguf/gguf-files.ts';
import { createLocalModel } from '../../src/models/local/local-model.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';
import { embeddedQuestions, plainQuestions } from '../suites/language-model-questions.ts';

const { REAL_MODEL, REAL_TOKENIZER = 'models/thinkfirst-135m' } = process.env;
const columns: Readonly<Record<string, string>> = { 'llama.cpp': 'llama.cpp', ollama: 'Ollama', vllm: 'vLLM' };

describe.skipIf(REAL_MODEL === undefined)('a real model', () => {
  languageModelSuite(REAL_MODEL ?? 'REAL_MODEL is not set', async () => {
    const [config] = parseModelEntries([JSON.parse(REAL_MODEL ?? '')], () => undefined);
    if (config === undefined) throw new Error('REAL_MODEL must be an entry');
    const { tokenizer, family } = await loadModelFolder(REAL_TOKENIZER);
    const column = columnOf(config);
    return {
      model: await open(config),
      ...(family.tags === undefined ? plainQuestions : embeddedQuestions),
      ...(column !== undefined && { column }),
      retokenise: (text) => tokenizer.encode(text).length,
    };
  });
});

function columnOf(config: ModelConfig): string | undefined {
  if (config.kind === 'upstream') return columns[config.dialect];
  return config.kind === 'folder' && isGguf(config.path) ? 'GGUF in process' : 'ONNX in process';
}

async function open(config: ModelConfig): Promise<LanguageModel> {
  if (config.kind === 'upstream') return createOpenaiModel(config);
  if (config.kind === 'hub') throw new Error('REAL_MODEL must be a server, a file or a folder');
  const warn = (message: string) => console.error(message);
  return createLocalModel(config, { threads: 1, kvMegabytes: 256, kvBits: 8, gpu: false, now: Date.now, warn });
}

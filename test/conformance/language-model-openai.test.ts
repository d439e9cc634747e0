import { type DialectName, dialectNames } from '../../src/models/servers/client/dialect.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';
import { createVocabulary } from '../support/upstream-decoder.ts';
import { words } from '../support/upstream-run.ts';
import { startUpstreamServer } from '../support/upstream-server.ts';

const script = {
  thoughts: words(
    'I add the ones first. 7 and 6 are 13, so I write 3 and carry 1. Then 4 and 8 and 1 are 13. So it is 933.',
  ),
  answer: words('The answer is 933.'),
  toolCalls: [{ name: 'weather', arguments: '{"city":"Paris"}' }],
  draws: true,
};

/** Columns of the table in docs/models.md; another Thinkfirst has none. */
const columns: Partial<Record<DialectName, string>> = {
  vllm: 'vLLM',
  'llama.cpp': 'llama.cpp',
  ollama: 'Ollama',
  lmstudio: 'LM Studio',
  plain: 'chat completions',
};

const estimated = 'the server has no tokenizer route, so a prompt is counted by estimate until it has run';

/** Over a real socket, each dialect by a server that speaks it. The plain one runs a model that thinks by prompt. */
for (const dialect of dialectNames) {
  languageModelSuite(`openai, ${dialect}`, async () => {
    const plain = dialect === 'plain';
    const server = await startUpstreamServer({ dialect, script, ...(plain && { spelling: 'marker' as const }) });
    const vocabulary = createVocabulary();
    const model = createOpenaiModel({
      kind: 'upstream',
      id: dialect,
      url: server.url,
      model: 'served-name',
      family: plain ? 'plain' : 'qwen3',
      dialect,
      contextLength: 2048,
      thoughtOpenedByTemplate: false,
      maxParallel: 4,
    });
    const close = async () => {
      await model.close();
      await server.close();
    };
    return {
      model: { ...model, close },
      question: { messages: [{ role: 'user', content: 'What is 347 + 586?' }] },
      toolQuestion: {
        messages: [{ role: 'user', content: 'What is the weather in Paris?' }],
        tools: [{ name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } }],
      },
      earlyEnd: { budgetTokens: 40, minimumTokens: 30 },
      retokenise: (text) => vocabulary.encode(text).length,
      ...(columns[dialect] && { column: columns[dialect] }),
      controlTexts: ['<think>', '</think>', 'Final answer:'],
      ...(!['vllm', 'llama.cpp'].includes(dialect) && { cannot: { 'counts the prompt as it computes it': estimated } }),
    };
  });
}

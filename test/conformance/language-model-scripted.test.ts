import { createScriptedModel } from '../../src/models/scripted.ts';
import { scriptedTokens } from '../../src/models/scripted-turn.ts';
import { languageModelSuite } from '../suites/language-model.suite.ts';

const words = ['red', 'green', 'blue', 'grey', 'pink', 'teal'];

languageModelSuite('scripted', async () => ({
  model: createScriptedModel({
    contextLength: 4096,
    script: ({ request, random }) => {
      if (request.prompt.tools) return { answer: '', toolCalls: [{ name: 'weather', arguments: '{"city":"Paris"}' }] };
      const draw = () => words[Math.floor(random() * words.length)] ?? '';
      const drawn =
        request.sampling.temperature > 0 ? Array.from({ length: 30 }, draw).join(' ') : 'one two three '.repeat(10);
      return {
        thought: `I think ${drawn}`.trimEnd(),
        answer: `The answer is ${request.sampling.temperature > 0 ? draw() : 'red'}.`,
      };
    },
  }),
  question: { messages: [{ role: 'user', content: 'Which colour?' }] },
  toolQuestion: { messages: [{ role: 'user', content: 'Weather?' }], tools: [{ name: 'weather' }] },
  earlyEnd: { budgetTokens: 60, minimumTokens: 40 },
  retokenise: (text) => scriptedTokens(text).length,
  controlTexts: ['<think>'],
}));

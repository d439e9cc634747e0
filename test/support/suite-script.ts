import type { Script } from './scripted-language-model.ts';

const words = ['red', 'green', 'blue', 'grey', 'pink', 'teal'];

/**
 * What a scripted model writes in the suite of LanguageModel: sufficiently long thoughts, which depend on the seed if
 * it samples.
 */
export const suiteScript: Script = ({ request, random }) => {
  if (request.prompt.tools)
    return {
      answer: request.answer.toolCalls === 'none' ? 'I call none.' : '',
      toolCalls: [{ name: 'weather', arguments: '{"city":"Paris"}' }],
    };
  const draw = () => words[Math.floor(random() * words.length)] ?? '';
  const greedy = request.sampling.temperature === 0;
  const thought = greedy ? 'one two three '.repeat(10) : Array.from({ length: 30 }, draw).join(' ');
  return { thought: `I think ${thought}`.trimEnd(), answer: `The answer is ${greedy ? 'red' : draw()}.` };
};

/**
 * The inference process of the corpus of requests. What a model says follows from the request alone: thoughts with a sum
 * (a wrong one in the first draws where the question says "wrong"), answers of the asked form. A question that says "hang"
 * stops after a few tokens until it is aborted, asked for the answer, or past its deadline.
 */
import { setTimeout } from 'node:timers/promises';
import type { GenerateOptions, GenerateRequest, LanguageModel } from '../../src/core/language-model.ts';
import { createScriptedModel, type Script } from '../support/scripted-language-model.ts';
import { serveScripted } from '../support/serve-scripted.ts';
import { leastInstance } from './least-instance.ts';

/** With the last of them a line is whole, so that it is logged at once: a reader of the trace sees that the model hangs. */
const tokensBeforeHang = 6;

const script: Script = ({ request, random }) => {
  const question = questionOf(request);
  const { constraint } = request.answer;
  if (constraint?.type === 'json_schema') return { answer: JSON.stringify(leastInstance(constraint.schema)) };
  if (constraint?.type === 'json_object') return { answer: '{"answer":7}' };
  if (constraint?.type === 'choice') return { answer: constraint.choices[0] ?? '' };
  const tool = request.prompt.tools?.[0];
  if (tool && request.answer.toolCalls !== 'none' && request.prompt.messages.at(-1)?.role === 'user') {
    return { answer: '', toolCalls: [{ name: tool.name, arguments: '{"city":"Paris"}' }] };
  }
  const sum = /wrong/.test(question) && random() < 0.7 ? 8 : 7;
  const thought = `I add the two numbers.\n3 + 4 = ${sum}\nSo the answer is ${sum}.`;
  return { thought, answer: /hang/.test(question) ? 'It took long. ' : `The answer is ${sum}.` };
};

serveScripted((id) => {
  const model = createScriptedModel({
    id,
    contextLength: 4096,
    capabilities: { constraints: ['json_schema', 'json_object', 'choice'], computesByDefault: true, compute: true },
    script,
  });
  return { ...model, generate: (request, options) => hanging(model, request, options) };
});

async function* hanging(model: LanguageModel, request: GenerateRequest, options: GenerateOptions) {
  let left = request.thinking && /hang/.test(questionOf(request)) ? tokensBeforeHang : Number.POSITIVE_INFINITY;
  for await (const event of model.generate(request, options)) {
    yield event;
    left -= 1;
    if (left === 0) await released(request, options);
  }
}

async function released({ deadlineAt }: GenerateRequest, { signal, answerNow }: GenerateOptions): Promise<void> {
  const ends = AbortSignal.any([signal, ...(answerNow ? [answerNow] : [])]);
  const ms = deadlineAt === undefined ? 600_000 : Math.max(0, deadlineAt - Date.now() + 1);
  await setTimeout(ms, undefined, { signal: ends }).catch(() => undefined);
}

function questionOf({ prompt }: GenerateRequest): string {
  return prompt.messages.map(({ content }) => content).join('\n');
}

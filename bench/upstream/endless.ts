/**
 * Whether an answer always comes from a real server, within budget, stop-thinking prompt and reserve, if a model never
 * ends its thought or repeats itself. README.md in this folder explains how to start the servers.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { GenerateRequest, Sampling } from '../../src/core/language-model.ts';
import { parseModelEntries } from '../../src/models/config/model-config.ts';
import { createOpenaiModel } from '../../src/models/servers/openai-model.ts';

const { values } = parseArgs({
  options: {
    entry: { type: 'string' },
    count: { type: 'string', default: '100' },
    budget: { type: 'string', default: '300' },
    reserve: { type: 'string', default: '48' },
    cases: { type: 'string', default: 'never ends,repeats itself' },
  },
});
const entry = z.string('--entry JSON: the entry of a server, as in thinkfirst.config.json').parse(values.entry);
const whole = (text: string) => z.coerce.number().int().positive().parse(text);
const [count, budgetTokens, maxTokens] = [whole(values.count), whole(values.budget), whole(values.reserve)];
const [config] = parseModelEntries([JSON.parse(entry)], () => undefined);
if (config?.kind !== 'upstream') throw new Error('--entry must be the entry of a server');

/**
 * How to make a model misbehave: by forbidding every end, or rewarding repetition. For a server without such a field,
 * use a model that does so by itself.
 */
const misbehaviour: Readonly<Record<string, () => Promise<Partial<Sampling>>>> = {
  'never ends': async () => ({ logitBias: Object.fromEntries((await ends()).map((id) => [id, -100])) }),
  'repeats itself': async () => ({ repetitionPenalty: 0.2 }),
  'as it is': async () => ({}),
};

/** llama.cpp and vLLM report their ids; on other servers the field is not sent. */
async function ends(): Promise<number[]> {
  if (config?.kind !== 'upstream' || (config.dialect !== 'llama.cpp' && config.dialect !== 'vllm')) return [];
  const text = '</think><|im_end|><|endoftext|>';
  const asked =
    config.dialect === 'vllm' ? { prompt: text, add_special_tokens: false } : { content: text, parse_special: true };
  const answer = await fetch(new URL('/tokenize', config.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: config.model, ...asked }),
  });
  return z.object({ tokens: z.array(z.number()) }).parse(await answer.json()).tokens;
}

const model = createOpenaiModel(config, { warn: (line) => console.error(line) });
for (const name of values.cases.split(',')) {
  const sampling: Sampling = { temperature: 0.7, ...(await misbehaviour[name]?.()) };
  const startedAt = performance.now();
  const results = await Promise.all(Array.from({ length: count }, (_, index) => ask(index, sampling)));
  const most = (of: (result: (typeof results)[number]) => number) => Math.max(...results.map(of));
  const kinds = [...new Set(results.map(({ stop }) => stop))];
  const stops = kinds.map((kind) => `${results.filter(({ stop }) => stop === kind).length} ${kind}`);
  const answered = results.filter(({ text }) => text.trim() !== '').length;
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(
    `${name}: ${answered} of ${count} answers in ${seconds} s; thoughts ended by ${stops.join(', ')}; ` +
      `at most ${most(({ thinking }) => thinking)} of ${budgetTokens} thinking, ${most(({ forced }) => forced)} forced, ` +
      `${most(({ answer }) => answer)} of ${maxTokens} answer tokens; server's budget: ${model.capabilities.serverBudget}, ` +
      `side by side: ${model.capabilities.parallel}`,
  );
  console.log(`  such as: ${JSON.stringify(results[0]?.text.slice(0, 120))}`);
}
await model.close();

async function ask(index: number, sampling: Sampling) {
  const request: GenerateRequest = {
    prompt: { messages: [{ role: 'user', content: `What is ${17 + index} × ${3 + (index % 7)}?` }] },
    samples: 1,
    thinking: { budgetTokens },
    answer: { maxTokens },
    sampling: { ...sampling, seed: index },
    deterministic: false,
  };
  const result = { text: '', stop: 'none', thinking: 0, forced: 0, answer: 0 };
  try {
    for await (const event of model.generate(request, { signal: new AbortController().signal })) {
      if (event.type === 'answer-delta') result.text += event.text;
      if (event.type !== 'finish') continue;
      const { thinkingTokens: thinking, forcedTokens: forced, answerTokens: answer } = event.usage;
      Object.assign(result, { thinking, forced, answer, stop: event.thinkingStop ?? 'none' });
    }
  } catch (error) {
    result.stop = String(error);
  }
  return result;
}

import { createGgufModel } from '../../src/models/local/gguf/gguf-local-model.ts';
import { requestOf, runOne } from '../../test/suites/language-model-run.ts';
const model = await createGgufModel(process.argv[2]!, { threads: 1, kvMegabytes: 256, gpu: false, now: Date.now, warn: console.error });
for (const content of [
  'What is the capital of France? Answer in one sentence.',
  'What colour is the sky on a clear day? Answer in one short sentence.',
  'How many days does a week have? Answer in one sentence.',
]) {
  const q = { messages: [{ role: 'user' as const, content }] };
  const whole = await runOne(model, requestOf(q, {}));
  const [first = ''] = /^\S+/.exec(whole.answer) ?? [];
  const begun = await runOne(model, requestOf(q, { answer: { maxTokens: 32, prefix: [{ text: first }] } }));
  const t = await runOne(model, requestOf(q, { budget: 300 }));
  console.log(JSON.stringify({ content, answer: whole.answer, reason: whole.finish.reason, begun: first + begun.answer === whole.answer, thought: t.thought, n: t.finish.usage.thinkingTokens, stop: t.finish.thinkingStop, final: t.answer }));
  for (const p of ['The answer is known.\nFinal answer', 'So this is it.\n\n', 'It is easy.\nFinal answer: ']) {
    const e = await runOne(model, requestOf(q, { thinking: { budgetTokens: 12, minimumTokens: 6, prefix: [{ text: p }] } }));
    console.log('  early', JSON.stringify(p), JSON.stringify(e.events.slice(0, 30).map((x) => (x.type === 'thinking-delta' ? (x.forced ? '[' + x.text + ']' : x.text) : x.type))));
  }
}
await model.close();

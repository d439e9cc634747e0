import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AutoModelForCausalLM, AutoTokenizer, Tensor } from '@huggingface/transformers';
import { readQuestionSet } from './question-set.ts';
import { scoreAnswer } from './score-answer.ts';

/**
 * `npx tsx eval/plain-generate.ts [--set generated] [--n 600]`: measures transformers.js's own `generate()`, greedy,
 * with the template without thinking, using only our scoring. The service's fast answers are compared with it.
 */
const { values } = parseArgs({
  options: { set: { type: 'string', default: 'generated' }, n: { type: 'string', default: '600' } },
});
const folder = fileURLToPath(new URL('../models/thinkfirst-135m', import.meta.url));
const tokenizer = await AutoTokenizer.from_pretrained(folder);
const model = await AutoModelForCausalLM.from_pretrained(folder, { dtype: 'q4', device: 'cpu' });
const { questions } = await readQuestionSet({ set: values.set, count: Number(values.n) });
let right = 0;
for (const [index, { question, answer }] of questions.entries()) {
  const prompt = tokenizer.apply_chat_template([{ role: 'user', content: question }], {
    tokenize: false,
    add_generation_prompt: true,
    ...{ enable_thinking: false },
  });
  if (typeof prompt !== 'string') throw new Error('the template gives no text');
  const inputs: { input_ids: Tensor } = tokenizer(prompt, { add_special_tokens: false });
  const output = await model.generate({ ...inputs, max_new_tokens: 64, do_sample: false });
  if (!(output instanceof Tensor)) throw new Error('generate() gives no ids');
  const ids = output.tolist().flat().slice(inputs.input_ids.dims.at(-1));
  const text = tokenizer.decode(ids.map(Number), { skip_special_tokens: true });
  if (scoreAnswer(text, question, answer)) right += 1;
  if (index === 0) console.error(`${prompt}${text}`);
}
console.log(`generate(), greedy, without thinking: ${right} of ${questions.length} right`);

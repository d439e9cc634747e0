import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { TraceStep } from '../src/contracts/responses/trace.ts';
import { loadModelFolder, type ModelFolder } from '../src/models/local/folder/model-folder.ts';
import { fastArm, greedyArm, parseArm } from './arm.ts';
import { forEachOf } from './calibration/for-each-of.ts';
import { generateQuestions } from './generator/generate-questions.ts';
import { scoreAnswer } from './score-answer.ts';
import { type Answered, createServiceClient } from './service-client.ts';
import { startService } from './service-process.ts';

/**
 * `npm run smoke [-- --url URL --each N --model-folder DIR]`: asks sums, letter counts and two-step word problems of
 * the seeded generator through the API, fast, with one chain of thought and with the default effort. Counts right
 * answers, and compares `usage` of the first two with the tokenised texts.
 */
const Options = z.object({
  url: z.url().optional(),
  each: z.coerce.number().int().min(1).max(500),
  'model-folder': z.string(),
});
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    each: { type: 'string', default: '20' },
    'model-folder': { type: 'string', default: 'models/thinkfirst-135m' },
  },
});
const options = Options.parse(values);
const questions = ['sum', 'count-letter', 'word'].flatMap((kind) =>
  generateQuestions({ seed: 'smoke-1', count: options.each, kinds: [kind] }),
);
const ways = [
  { name: 'fast', request: parseArm(fastArm).request, chains: 1 },
  { name: 'one chain of thought', request: parseArm(greedyArm).request, chains: 1 },
  { name: 'deliberate', request: { mode: 'deliberate' }, chains: undefined },
];

const folder = await loadModelFolder(options['model-folder']);
const service = options.url === undefined ? await startService() : { url: options.url, close: async () => {} };
try {
  const client = createServiceClient({ url: service.url });
  const rights = new Map<string, Map<string, number>>();
  let [equal, different] = [0, 0];
  for (const way of ways) {
    const progress = { concurrency: 4, onProgress() {} };
    await forEachOf(questions, progress, way.name, async ({ kind, question, answer }) => {
      const response = await client.respond({ model: folder.id, input: question, seed: 1, ...way.request });
      const byKind = rights.get(way.name) ?? new Map<string, number>();
      const right = scoreAnswer(response.output_text, question, answer);
      rights.set(way.name, byKind.set(kind, (byKind.get(kind) ?? 0) + (right ? 1 : 0)));
      if (way.chains === undefined) return;
      const mismatch = usageMismatch(folder, response, await client.trace(response.id));
      if (mismatch === undefined) equal += 1;
      else {
        different += 1;
        console.log(`${way.name}, ${response.id}: ${mismatch}`);
      }
    });
  }
  for (const [way, byKind] of rights) {
    const total = [...byKind.values()].reduce((sum, right) => sum + right, 0);
    const kinds = [...byKind].map(([kind, right]) => `${kind} ${right}/${options.each}`).join(', ');
    console.log(`${way}: ${total} of ${questions.length} right (${kinds})`);
  }
  console.log(`usage equal to the text tokenised again: ${equal} of ${equal + different} responses`);
} finally {
  await service.close();
}

/** The difference between `usage` and the tokens of the thoughts and answers; undefined if they agree. */
function usageMismatch(model: ModelFolder, response: Answered, steps: readonly TraceStep[]): string | undefined {
  const count = (text: string | null | undefined) => model.tokenizer.encode(text ?? '').length;
  const phases = response.usage?.phases;
  if (phases === undefined) return 'no usage';
  const thought = steps.reduce((sum, step) => sum + count(step.text?.replace(model.family.handOver, '')), 0);
  const answer = count(response.output_text);
  if (phases.think !== thought) return `think ${phases.think}, text has ${thought}`;
  if (phases.answer !== answer) return `answer ${phases.answer}, text has ${answer}`;
  const sum = thought + answer + phases.forced;
  return response.usage?.output_tokens === sum ? undefined : `output ${response.usage?.output_tokens}, parts ${sum}`;
}

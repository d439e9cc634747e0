import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { TraceStep } from '../src/contracts/responses/trace.ts';
import { type AnsweredRow, openRowStore } from './answered-row.ts';
import { parseArm } from './arm.ts';
import { scoreAnswer } from './score-answer.ts';
import { createServiceClient } from './service-client.ts';

/**
 * Asks questions of a run again and saves their traces in `eval/examples/`, one of each kind of question. `--from`: the
 * arm whose rows are searched if the run has none of `--arm`. All kinds are asked at the same time, as one batch.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: 'eval/runs/generated-thinkfirst-135m' },
    arm: { type: 'string', default: 'high' },
    from: { type: 'string' },
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    out: { type: 'string', default: 'eval/examples' },
  },
});
const options = z
  .object({ rows: z.string(), arm: z.string(), from: z.string().optional(), url: z.url(), out: z.string() })
  .parse(values);

type Ending = { name: string; says: string; holds(of: Ended): boolean };
type Ended = { right: boolean; steps: readonly TraceStep[] };

const failedLine = (step: TraceStep): boolean =>
  step.checks.some((check) => check.judges === 'line' && check.verdict === 'fail');
/** Whether the final answer comes from a revised chain. */
const isRevised = (steps: readonly TraceStep[]): boolean => {
  const given = steps.findLast(({ phase }) => phase === 'answer')?.answer;
  return steps.some(({ phase, answer }) => phase === 'revise' && answer !== null && answer === given);
};
const hasChanged = (steps: readonly TraceStep[]): boolean =>
  steps.find(({ phase }) => phase === 'draft')?.answer !== steps.findLast(({ phase }) => phase === 'answer')?.answer;
const endings: Record<string, Ending> = {
  revised: {
    name: 'put right',
    says: 'a check found a wrong line; put right, or written anew, it leads to the right answer',
    holds: ({ right, steps }) => right && steps.some(failedLine) && isRevised(steps),
  },
  thought: {
    name: 'thought',
    says: 'the draft was wrong, the thought is right',
    holds: ({ right, steps }) => right && hasChanged(steps) && !steps.some(failedLine),
  },
  failed: {
    name: 'all failed',
    says: 'every chain failed a check, or the vote was wrong; the answer is wrong',
    holds: ({ right, steps }) => !right && steps.filter(({ phase }) => phase === 'think').every(failedLine),
  },
};
const wanted: ReadonlyArray<[kind: string, ending: string]> = [
  ['mul', 'revised'],
  ['count-letter', 'revised'],
  ['word', 'revised'],
  ['sequence', 'revised'],
  ['weekday', 'revised'],
  ['story', 'thought'],
  ['order', 'thought'],
  ['units', 'thought'],
  ['compare', 'thought'],
  ['div', 'failed'],
];
/** How many questions of a kind are tried for an ending. */
const mostTries = 8;

const client = createServiceClient({ url: options.url });
const model = await client.model();
const rows = (await openRowStore(options.rows)).rows();
await mkdir(options.out, { recursive: true });
const index = await Promise.all(
  wanted.map(async ([kind, ending]) => {
    const end = endings[ending];
    if (end === undefined) throw new Error(`no ending ${ending}`);
    const found = await findExample(kind, end);
    if (found === undefined) {
      console.error(`${kind}: no question ends so that ${end.says}`);
      return [];
    }
    const { row, response, steps } = found;
    const file = `${kind}.json`;
    const example = { question: row.question, expected: row.expected, ends: end.says, response, trace: steps };
    await writeFile(join(options.out, file), `${JSON.stringify(example, undefined, 1)}\n`);
    const question = row.question.replaceAll('\n', ' ');
    return [`| [${file}](${file}) | ${question} | ${row.expected} | ${response.output_text} | ${end.says} |`];
  }),
);
const table = ['| file | question | expected | answer | ends |', '|---|---|---|---|---|', ...index.flat()].join('\n');
const about = `# Traces\n\nReal ones of ${model.id} at effort \`${options.arm}\`, asked by \`npx tsx eval/save-examples.ts\`.\n`;
await writeFile(join(options.out, 'README.md'), `${about}\n${table}\n`);

async function findExample(kind: string, ending: Ending) {
  const candidates = rows.filter(
    (row) => row.arm === (options.from ?? options.arm) && row.kind === kind && likely(row, ending),
  );
  for (const row of candidates.slice(0, mostTries)) {
    const { request } = parseArm(options.arm);
    const response = await client.respond({ model: model.id, input: row.question, seed: row.row, ...request });
    const steps = await client.trace(response.id);
    const right = scoreAnswer(response.output_text, row.question, row.expected);
    if (ending.holds({ right, steps })) return { row, response, steps };
  }
  return undefined;
}

/** For a row of another arm than `--arm`, this is a guess. */
function likely(row: AnsweredRow, ending: Ending): boolean {
  const draft = row.steps.find(({ phase }) => phase === 'draft');
  if (ending.name === 'thought') return row.right && draft?.right !== true;
  const isRevised = row.steps.some(({ phase }) => phase === 'revise');
  return ending.name === 'put right' && options.from === undefined ? row.right && isRevised : !row.right;
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { TraceStep } from '../src/contracts/trace.ts';
import { type AnsweredRow, openRowStore } from './answered-row.ts';
import { parseArm } from './arm.ts';
import { scoreAnswer } from './score-answer.ts';
import { createServiceClient } from './service-client.ts';

/** Asks questions of a finished run anew and keeps their traces in `eval/examples/`, one of each kind of ending. */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: 'eval/runs/generated-thinkfirst-135m' },
    arm: { type: 'string', default: 'high' },
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    out: { type: 'string', default: 'eval/examples' },
  },
});
const options = z.object({ rows: z.string(), arm: z.string(), url: z.url(), out: z.string() }).parse(values);

type Ending = { name: string; says: string; holds(of: Ended): boolean };
type Ended = { right: boolean; source: string | null; steps: readonly TraceStep[] };

const failedLine = (step: TraceStep): boolean =>
  step.checks.some((check) => check.judges === 'line' && check.verdict === 'fail');
const endings: Record<string, Ending> = {
  revised: {
    name: 'put right',
    says: 'a check found a wrong line; taken back and written anew, it is right',
    holds: ({ right, source, steps }) => right && source === 'revision' && steps.some(failedLine),
  },
  thought: {
    name: 'thought',
    says: 'the draft was wrong, the thought is right',
    holds: ({ right, steps }) => right && steps.some(({ phase }) => phase === 'think'),
  },
  failed: {
    name: 'all failed',
    says: 'every chain failed a check, or the vote was wrong; the answer is wrong',
    holds: ({ right, steps }) => !right && steps.filter(({ phase }) => phase === 'think').every(failedLine),
  },
};
const wanted: ReadonlyArray<[kind: string, ending: string]> = [
  ['word', 'revised'],
  ['story', 'revised'],
  ['sequence', 'revised'],
  ['mul', 'thought'],
  ['order', 'thought'],
  ['weekday', 'thought'],
  ['count-letter', 'thought'],
  ['units', 'thought'],
  ['compare', 'thought'],
  ['div', 'failed'],
];
/** Questions of a kind that are tried for an ending. */
const mostTries = 8;

const client = createServiceClient({ url: options.url });
const model = await client.model();
const rows = (await openRowStore(options.rows)).rows();
await mkdir(options.out, { recursive: true });
const index = ['| file | question | expected | answer | ends |', '|---|---|---|---|---|'];
for (const [kind, ending] of wanted) {
  const end = endings[ending];
  if (end === undefined) throw new Error(`no ending ${ending}`);
  const found = await findExample(kind, end);
  if (found === undefined) {
    console.error(`${kind}: no question ends so that ${end.says}`);
    continue;
  }
  const { row, response, steps } = found;
  const file = `${kind}.json`;
  const example = { question: row.question, expected: row.expected, ends: end.says, response, trace: steps };
  await writeFile(join(options.out, file), `${JSON.stringify(example, undefined, 1)}\n`);
  index.push(
    `| [${file}](${file}) | ${row.question.replaceAll('\n', ' ')} | ${row.expected} | ${response.output_text} | ${end.says} |`,
  );
}
const about = `# Traces\n\nReal ones of ${model.id} at effort \`${options.arm}\`, asked by \`npx tsx eval/save-examples.ts\`.\n`;
await writeFile(join(options.out, 'README.md'), `${about}\n${index.join('\n')}\n`);

async function findExample(kind: string, ending: Ending) {
  const candidates = rows.filter((row) => row.arm === options.arm && row.kind === kind && likely(row, ending));
  for (const row of candidates.slice(0, mostTries)) {
    const { request } = parseArm(options.arm);
    const response = await client.respond({ model: model.id, input: row.question, seed: row.row, ...request });
    const steps = await client.trace(response.id);
    const right = scoreAnswer(response.output_text, row.question, row.expected);
    if (ending.holds({ right, source: response.answer_source, steps })) return { row, response, steps };
  }
  return undefined;
}

function likely(row: AnsweredRow, ending: Ending): boolean {
  if (ending.name === 'put right') return row.right && row.source === 'revision';
  return ending.name === 'thought' ? row.right && row.steps[0]?.right === false : !row.right;
}

import { createHash } from 'node:crypto';
import type { TraceStep } from '../src/contracts/responses/trace.ts';
import type { AnsweredRow, AnsweredStep, RowStore } from './answered-row.ts';
import { type Arm, ReasoningFields } from './arm.ts';
import { type AskedQuestion, isRight, type QuestionSet } from './question-set.ts';
import type { Answered, ServiceClient } from './service-client.ts';

const noPhases = { draft: 0, think: 0, check: 0, revise: 0, forced: 0, discarded: 0, answer: 0 };

/**
 * Asks every question in every arm, `concurrency` at a time, and stores each row when it is finished. Rows that the
 * store already has, for the same question, request and effort table, are not asked again.
 * @returns the rows of this run, old and new
 */
export async function askQuestions(options: {
  client: ServiceClient;
  store: RowStore;
  set: QuestionSet;
  arms: readonly Arm[];
  /** The model's card with its effort table. */
  model: { id: string; [field: string]: unknown };
  concurrency: number;
  onRow(rows: readonly AnsweredRow[]): void;
  /** Clock, ms. */
  now(): number;
}): Promise<AnsweredRow[]> {
  const { client, store, set, arms, model } = options;
  const known = new Map(store.rows().map((row) => [row.fingerprint, row]));
  const asked = arms.flatMap((arm) =>
    set.questions.map((question) => {
      const reasoning = withExpectedValue(arm.request.reasoning, question.answer);
      const request = { model: model.id, input: question.question, seed: question.row, ...arm.request, reasoning };
      const expected = question.rules ?? question.answer;
      const fingerprint = fingerprintOf({ request, expected, table: model['effort_table'] });
      return { arm, question, request, fingerprint };
    }),
  );
  const rows = asked.flatMap(({ fingerprint }) => known.get(fingerprint) ?? []);
  const open = asked.filter(({ fingerprint }) => !known.has(fingerprint));
  options.onRow(rows);
  const workers = Array.from({ length: Math.min(options.concurrency, open.length) }, async () => {
    for (let next = open.shift(); next !== undefined; next = open.shift()) {
      const { arm, question, request, fingerprint } = next;
      const startedAt = options.now();
      const response = await client.respond({ ...request, store: false });
      // A field that the service does not apply would measure something else than the arm's name says.
      // A deliberate answer had its effort: a warning about that says only that the model wrote no thought.
      const deliberate = response.thinking_stop !== null;
      const unheeded = response.warnings.find(
        ({ field }) => field.startsWith('reasoning') && !(deliberate && field === 'reasoning.effort'),
      );
      if (unheeded !== undefined) throw new Error(`${arm.name}: ${unheeded.field}: ${unheeded.message}`);
      const seconds = (options.now() - startedAt) / 1_000;
      const row: AnsweredRow = {
        fingerprint,
        arm: arm.name,
        row: question.row,
        kind: question.kind,
        question: question.question,
        expected: question.answer,
        response: response.id,
        status: response.status,
        output: response.output_text,
        right: await isRight(response.output_text, question),
        source: response.answer_source,
        thinking_stop: response.thinking_stop,
        verdict: verdictOf(response),
        input_tokens: response.usage?.input_tokens ?? 0,
        output_tokens: response.usage?.output_tokens ?? 0,
        phases: response.usage?.phases ?? noPhases,
        seconds,
        steps: await Promise.all((await client.trace(response.id)).map((step) => answeredStep(step, question))),
      };
      await store.add(row);
      rows.push(row);
      options.onRow(rows);
    }
  });
  await Promise.all(workers);
  return rows;
}

/** Gives an arm's check `expected` each question's own answer, which shows answers that are wrong but verified. */
function withExpectedValue(reasoning: Arm['request']['reasoning'], answer: string): Record<string, unknown> {
  const { checks } = ReasoningFields.pick({ checks: true }).loose().parse(reasoning);
  if (checks === undefined) return reasoning;
  return {
    ...reasoning,
    checks: checks.map((check) => (check.type === 'expected' ? { ...check, value: answer } : check)),
  };
}

function verdictOf({ verdict }: Answered): NonNullable<AnsweredRow['verdict']> | null {
  return verdict === null ? null : { kind: verdict.kind, probability: verdict.probability };
}

async function answeredStep(step: TraceStep, question: AskedQuestion): Promise<AnsweredStep> {
  return {
    phase: step.phase,
    sample: step.sample,
    answer: step.answer,
    right: step.answer !== null && (await isRight(step.answer_text ?? step.answer, question)),
    rejected: step.checks.some((check) => check.judges === 'value' && check.verdict === 'fail'),
    wrongLines: step.checks.filter((check) => check.judges === 'line' && check.verdict === 'fail').length,
    stop: step.stop_reason,
    tokens: step.tokens,
    values: step.computed?.length ?? 0,
  };
}

function fingerprintOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}

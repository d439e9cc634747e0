import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { checks } from '../../src/checks/index.ts';
import { runChecks } from '../../src/checks/run-checks.ts';

const Foreign = z.object({ question: z.string(), line: z.string(), right: z.boolean() });
const Own = z.object({ kind: z.string(), line: z.string() });

const rows = (file: string): unknown[] =>
  readFileSync(join(import.meta.dirname, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const standard = [...checks.values()].flatMap(({ name, standard: on }) => (on === undefined ? [] : [{ type: name }]));

/** What the standard checks find wrong in a line, alone and as an answer. */
async function failures(line: string, question: string) {
  const how = { slow: false, services: {}, signal: new AbortController().signal };
  const input = { question, conversation: question };
  const asThought = await runChecks(standard, { ...input, thought: line, answer: '' }, how);
  const asAnswer = await runChecks(standard.slice(0, 1), { ...input, thought: '', answer: line }, how);
  return [...asThought, ...asAnswer].flatMap(({ name, verdict, detail, repair }) =>
    verdict === 'fail' ? [{ line, name, detail, repair }] : [],
  );
}

it('nothing is found wrong, or put right, in 172 right lines of other models and people', async () => {
  const right = z
    .array(Foreign)
    .parse(rows('foreign-lines.jsonl'))
    .filter((one) => one.right);
  expect(right).toHaveLength(172);
  expect((await Promise.all(right.map(({ line, question }) => failures(line, question)))).flat()).toEqual([]);
});

it('of their 68 wrong lines those with a finished equation of plain numbers are found', async () => {
  const wrong = z
    .array(Foreign)
    .parse(rows('foreign-lines.jsonl'))
    .filter((one) => !one.right);
  const found = await Promise.all(wrong.map(async ({ line, question }) => (await failures(line, question)).length > 0));
  expect(wrong).toHaveLength(68);
  expect(found.filter(Boolean).length).toBeGreaterThanOrEqual(13);
});

it.each(['clocks', 'moduli', 'quoted mistakes', 'versions', 'scores', 'code'])(
  'nothing is found wrong, or put right, in 50 right lines of %s',
  async (kind) => {
    const lines = z
      .array(Own)
      .parse(rows('right-lines.jsonl'))
      .filter((one) => one.kind === kind);
    expect(lines).toHaveLength(50);
    expect((await Promise.all(lines.map(({ line }) => failures(line, '')))).flat()).toEqual([]);
  },
);

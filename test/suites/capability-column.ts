import { readFileSync } from 'node:fs';
import type { Prompt } from '../../src/contracts/responses/prompt.ts';
import type { LanguageModel } from '../../src/core/language-model.ts';
import { requestOf, runOne, runSamples } from './language-model-run.ts';

/** A model's column in the table of docs/models.md, by the names of its rows. */
export function documentedColumn(name: string): Record<string, string> {
  const page = readFileSync('docs/models.md', 'utf8');
  const [, table = ''] = /## What each kind can do\n[\s\S]*?\n(\|[\s\S]*?)\n\n/.exec(page) ?? [];
  const [head = [], , ...rows] = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
  const at = head.indexOf(name);
  if (at < 0) throw new Error(`docs/models.md has no column ${name}`);
  return Object.fromEntries(rows.map((row) => [row[1] ?? '', row[at] ?? '']));
}

/** The same column by what the model does: each cell is a run, or the refusal of one. */
export async function columnOf({
  model,
  question,
  toolQuestion,
}: {
  model: LanguageModel;
  question: Prompt;
  toolQuestion: Prompt;
}): Promise<Record<string, string>> {
  const { capabilities } = model;
  const server = capabilities.parallel !== undefined;
  const cut = await runOne(model, requestOf(question, { budget: 6 }));
  const within = cut.finish.usage.thinkingTokens <= 6 && cut.finish.thinkingStop === 'budget';
  const handedOver = within && cut.forcedText.trim() !== '' && cut.answer.trim() !== '';
  const scope = { owner: 'table', response: 'table', ownPrompt: true };
  const prefixed = requestOf(question, { cacheScope: scope, answer: { maxTokens: 2 }, deterministic: false });
  await runOne(model, prefixed);
  const { cachedTokens } = (await runOne(model, prefixed)).finish.usage;
  const logprobs = await runOne(model, requestOf(question, { answer: { maxTokens: 2, topLogprobs: 1 } }));
  const listed = logprobs.events.some((event) => event.type === 'answer-delta' && event.logprobs.length > 0);
  const called = await runOne(model, requestOf(toolQuestion, { answer: { maxTokens: 60 } }));
  return {
    'exact thinking budget': !within ? 'no' : capabilities.exactBudget ? 'yes' : 'counted, then stopped',
    'stop-thinking sentence': !handedOver ? 'no' : capabilities.rollback ? 'inserted' : 'as a user turn',
    'computed values': (await computes(model, question)) ? 'yes' : 'no',
    'thought continued (roll back)': (await continuesThought(model, question)) ? 'yes' : 'no',
    'shared prefix': cachedTokens === 0 ? 'no' : server ? 'by the server' : 'yes',
    'parallel chains': await parallelChains(model, question),
    'log-probabilities': listed ? 'yes' : 'no',
    'JSON schema': (await holdsToSchema(model, question)) ? 'yes' : 'no',
    tools: called.toolCalls.length > 0 ? 'yes' : 'no',
    images: server ? 'if its entry says so' : 'no',
  };
}

/** The value of a given line, before the model has said anything. */
async function computes(model: LanguageModel, question: Prompt): Promise<boolean> {
  if (!model.capabilities.compute) return false;
  const thinking = { budgetTokens: 2, computeTokens: 8, prefix: [{ text: 'So 12 + 30 =' }] };
  const { events } = await runOne(model, requestOf(question, { thinking, answer: { maxTokens: 2 } }));
  const [first] = events;
  return first?.type === 'thinking-delta' && first.forced && first.text === ' 42' && first.expression === '12 + 30';
}

async function continuesThought(model: LanguageModel, question: Prompt): Promise<boolean> {
  const thinking = { budgetTokens: 2, prefix: [{ text: 'Ones: 13.\n' }] };
  return succeeds(model, requestOf(question, { thinking, answer: { maxTokens: 2 } }), 'unsupported_input');
}

async function holdsToSchema(model: LanguageModel, question: Prompt): Promise<boolean> {
  const constraint = { type: 'json_schema' as const, schema: { type: 'object' } };
  return succeeds(model, requestOf(question, { answer: { maxTokens: 8, constraint } }), 'unsupported_constraint');
}

/** False where the model refuses the request with this code. */
async function succeeds(model: LanguageModel, request: ReturnType<typeof requestOf>, code: string): Promise<boolean> {
  try {
    await runOne(model, request);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return false;
    throw error;
  }
}

async function parallelChains(model: LanguageModel, question: Prompt): Promise<string> {
  const request = requestOf(question, { budget: 9, samples: 3, answer: { maxTokens: 2 }, deterministic: false });
  if ((await runSamples(model, request)).length !== 3) return 'no';
  if (model.capabilities.parallel === undefined) return model.capabilities.batching ? 'in one batch' : 'one by one';
  return 'as many as it takes';
}

import type { LanguageModel } from '../core/language-model.ts';
import { parseEnvironment } from '../entry/environment.ts';
import { createLogger } from '../entry/logger.ts';
import { configuredModels, namedModel } from '../entry/models/configured-models.ts';
import { fetchModels } from '../entry/models/fetch-models.ts';
import { loadModels } from '../entry/models/load-models.ts';
import { readEffortTable } from '../models/config/effort-tables.ts';
import type { ModelConfig } from '../models/config/model-config.ts';
import { CliError } from './cli-error.ts';
import { downloadBar } from './render/download-bar.ts';
import { counted, duration, effortTableText, wholeNumber } from './render/figures.ts';
import type { Terminal } from './terminal.ts';

const question = 'What is 132 × 6?';
/** Tokens. */
const thinkingTokens = 256;
const answerTokens = 64;

/**
 * Loads models as the service does and lets each answer one question, fast and with thinking.
 * @throws CliError, ServiceError or StartError where one can't be loaded or gives nothing
 */
export async function checkModels(named: readonly string[], terminal: Terminal): Promise<void> {
  const { variables, paint } = terminal;
  const environment = parseEnvironment({ THINKFIRST_LOG_LEVEL: 'error', ...variables });
  const log = createLogger(environment);
  let faults = 0;
  const configured = configuredModels(environment, variables);
  for (const config of named.length === 0 ? configured : named.map((name) => namedModel(name, configured))) {
    const startedAt = performance.now();
    terminal.note(terminal.notePaint.dim(`Loading ${config.id} …`));
    try {
      const table = readEffortTable(config.id, config.effortTable);
      const bar = downloadBar(terminal);
      const configs = await fetchModels([config], { environment, weights: true, ...bar }).finally(bar.stop);
      const loaded = await loadModels({ configs, environment, log });
      try {
        const model = loaded.models.get(config.id);
        if (model === undefined) throw new CliError({ message: `${config.id} was not loaded.` });
        const loadMs = performance.now() - startedAt;
        terminal.note(terminal.notePaint.dim(`Asking ${config.id} …`));
        const fast = await tried(model, undefined);
        const thinking = model.capabilities.thinking ? await tried(model, thinkingTokens) : undefined;
        terminal.print(`${paint.green('✓')} ${paint.bold(model.id)} loaded in ${duration(loadMs)}`);
        terminal.print(`  ${facts(model, { thinks: thinking?.thought === true })}`);
        terminal.print(`  effort table: ${effortTableText(table)}`);
        terminal.print(`  fast      ${fast.line}`);
        if (thinking !== undefined) terminal.print(`  thinking  ${thinking.line}`);
        if (thinking?.thought === false) terminal.print(`  ${paint.yellow('!')} ${noThought(config, model)}`);
      } finally {
        await loaded.close();
      }
    } catch (error) {
      faults += 1;
      terminal.print(
        `${paint.red('✗')} ${paint.bold(config.id)}  ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  if (faults > 0) {
    throw new CliError({
      message: `${counted(faults, 'model')} cannot be used.`,
      advice: 'docs/models.md describes folders and servers.',
    });
  }
}

/** The model may have none; or it spells its thoughts otherwise, and they stand in its answers. */
function noThought({ kind }: ModelConfig, { capabilities: { family } }: LanguageModel): string {
  const dialect = kind === 'upstream' ? ', and its dialect (`thinkfirst doctor` compares it)' : '';
  return `No reasoning was produced: is its family right (${family})${dialect}? Without reasoning, more effort only adds chains.`;
}

/** `thinks`: as was seen, and not as its family has it. */
function facts({ contextLength, capabilities: can }: LanguageModel, { thinks }: { thinks: boolean }): string {
  const able = [
    thinks && 'thinks',
    can.exactBudget && 'exact budget',
    can.rollback && 'rolls back',
    can.tools && 'calls tools',
    can.batching && 'batches',
    can.score && 'scores',
    can.constraints.length > 0 && `constrains answers to ${can.constraints.join(', ')}`,
  ];
  return [`${wholeNumber(contextLength)} tokens of context`, ...able.filter(Boolean)].join(', ');
}

/** One answer, in one line: its text, tokens, speed; and whether it was thought about. */
async function tried(
  model: LanguageModel,
  budgetTokens: number | undefined,
): Promise<{ line: string; thought: boolean }> {
  const startedAt = performance.now();
  let answer = '';
  let tokens = 0;
  let thought = false;
  const events = model.generate(
    {
      prompt: { messages: [{ role: 'user', content: question }] },
      samples: 1,
      ...(budgetTokens !== undefined && { thinking: { budgetTokens } }),
      answer: { maxTokens: answerTokens },
      sampling: { temperature: 0 },
      deterministic: false,
    },
    { signal: new AbortController().signal },
  );
  for await (const event of events) {
    if (event.type === 'answer-delta') answer += event.text;
    if (event.type === 'thinking-delta') thought ||= !event.forced && event.text.trim() !== '';
    if (event.type === 'finish')
      tokens = event.usage.thinkingTokens + event.usage.forcedTokens + event.usage.answerTokens;
  }
  const ms = performance.now() - startedAt;
  if (answer.trim() === '')
    throw new CliError({ message: `${model.id} was loaded but gave no answer to "${question}".` });
  const speed = `${(tokens / (ms / 1_000)).toFixed(0)} tokens/s`;
  const text = answer.trim().replaceAll(/\s+/g, ' ');
  return { line: `${question} ${text}  (${counted(tokens, 'token')}, ${duration(ms)}, ${speed})`, thought };
}

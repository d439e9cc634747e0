import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { FoundModel } from '../../contracts/service/found-models.ts';
import { ModelList, type ModelObject } from '../../contracts/service/listings.ts';
import type { ModelState, ShownModelState } from '../../contracts/service/model-card.ts';
import {
  type ChangeModels,
  type CheckedModel,
  ModelsChange,
  type NewModel,
  RemovedModel,
} from '../../contracts/service/model-configuration.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { probeService } from '../../entry/probe-service.ts';
import { parseModelsConfig } from '../../models/config/model-config.ts';
import { dialectNames } from '../../models/servers/client/dialect.ts';
import { CliError } from '../cli-error.ts';
import { namedService, reachService, type ServiceOptions } from '../find-service.ts';
import { serviceOptions, wholeNumberFrom } from '../options.ts';
import { columns } from '../render/columns.ts';
import { effortTableText, wholeNumber } from '../render/figures.ts';
import type { ServiceClient } from '../service-client.ts';
import type { Terminal } from '../terminal.ts';

type AddOptions = ServiceOptions & {
  file?: true;
  id?: string;
  family?: string;
  name?: string;
  dialect?: string;
  keyVariable?: string;
  context?: number;
  dryRun?: true;
};

/** `thinkfirst models` */
export function addModels(program: Command, terminal: Terminal): void {
  const models = program
    .command('models')
    .summary('models: list, find, add, remove, check')
    .description(
      'Models that the service runs: folders of this machine, names of the Hugging Face hub, upstream servers.\n' +
        '`thinkfirst calibrate --model ID` measures what each effort achieves with a model, and writes its effort table.',
    );
  addList(models, terminal);
  addAdd(models, terminal);
  addRemove(models, terminal);
  addFind(models, terminal);
  addCheck(models, terminal);
}

function addList(models: Command, terminal: Terminal): void {
  const list = models
    .command('list', { isDefault: true })
    .description('list the models of a running service, with the budget of each effort')
    .option('--json', 'as JSON from the service');
  serviceOptions(list).action(async (options: ServiceOptions & { json?: true }) => {
    const client = await reachService(options, terminal);
    const all = await client.call(ModelList, '/v1/models');
    terminal.print(options.json === true ? JSON.stringify(all.data, undefined, 2) : modelsText(all, terminal));
  });
}

function addAdd(models: Command, terminal: Terminal): void {
  const add = models
    .command('add')
    .summary('add a model to the running service, or to the configuration file')
    .description(
      'Adds a model to the running service, which uses it at once and keeps it until it is removed. If no service runs,\n' +
        'or with --file, adds it to thinkfirst.config.json in this folder, which the service reads when it starts.',
    )
    .argument(
      '<model>',
      'a folder (./my-model), a GGUF file (model.gguf), a model of Ollama (ollama:qwen3:0.6b), a hub name (organisation/name), or the address of a server (http://127.0.0.1:11434)',
    )
    .option('--id <id>', 'the name that requests use for it (default: the last part of its name)')
    .option('--family <family>', 'how it thinks (default: detected)')
    .option('--name <name>', 'the server’s name for it (default: its only model)')
    .addOption(new Option('--dialect <dialect>', 'the type of server (default: detected)').choices(dialectNames))
    .option('--key-variable <name>', 'the environment variable with the key for the server; ends in _API_KEY')
    .option(
      '--context <tokens>',
      'the context of the model (default: as the server reports, else 8192)',
      wholeNumberFrom(1),
    )
    .option('--dry-run', 'check only, add nothing')
    .option('--file', 'add it to thinkfirst.config.json, also if a service runs');
  serviceOptions(add).action(async (named: string, options: AddOptions) => {
    await addModel(newModel(named, options), { ...options, named }, terminal);
  });
}

function addRemove(models: Command, terminal: Terminal): void {
  const remove = models
    .command('remove')
    .description('remove a model that was added to the running service: running responses finish, waiting ones fail')
    .argument('<id>', 'the name that requests use for it');
  serviceOptions(remove).action(async (id: string, options: ServiceOptions) => {
    const client = await reachService(options, terminal);
    await client.call(RemovedModel, `/v1/configuration/models/${encodeURIComponent(id)}`, { method: 'DELETE' });
    terminal.print(`${terminal.paint.green('✓')} ${id} is removed.`);
  });
}

function addFind(models: Command, terminal: Terminal): void {
  const find = models
    .command('find')
    .summary('list the models that this machine has')
    .description(
      'Lists the models that this machine has: of servers at their usual ports on loopback (Ollama, LM Studio, llama.cpp, ' +
        'vLLM), and files of Ollama, LM Studio, llama.cpp and the hub',
    )
    .option('--add <id...>', 'add these, as `models add` does')
    .option('--file', 'add them to thinkfirst.config.json, also if a service runs')
    .option('--json', 'as JSON, with all details');
  serviceOptions(find).action(async (options: FindOptions) => {
    const { findModels } = await import('../../entry/models/find-models.ts');
    const found = await findModels({ variables: terminal.variables, fetch });
    for (const id of options.add ?? []) {
      const model = found.find((one) => one.id === id)?.model;
      if (model === undefined) throw new CliError({ message: `--add: there is no ${id} on this machine.` });
      await addModel(model, { ...options, named: id }, terminal);
    }
    if (options.add !== undefined) return;
    terminal.print(options.json === true ? JSON.stringify(found, undefined, 2) : foundText(found, terminal));
    if (found.length > 0) terminal.note('Add one with `thinkfirst models find --add ID`.');
  });
}

function addCheck(models: Command, terminal: Terminal): void {
  models
    .command('check')
    .description('load models here and let them answer: the configured ones, or those named')
    .argument('[model...]', 'ids from the configuration, folders or hub names')
    .action(async (named: string[]) => {
      const { checkModels } = await import('../check-model.ts');
      await checkModels(named, terminal);
    });
}

type FindOptions = ServiceOptions & { add?: string[]; file?: true; json?: true };

/** Adds a model to the running service, or to the file. `named`: as it was typed, for messages. */
async function addModel(
  model: NewModel,
  options: ServiceOptions & Pick<AddOptions, 'file' | 'dryRun'> & { named: string },
  terminal: Terminal,
): Promise<void> {
  const isForFile = options.file === true || !(await hasService(options, terminal));
  const adding = isForFile ? addToFile(model, options, terminal) : addToService(model, options, terminal);
  await adding.catch((error: unknown) => {
    throw asTyped(error, options.named);
  });
}

/** One that is named must be there; one at the default address may be. */
async function hasService(options: ServiceOptions, terminal: Terminal): Promise<boolean> {
  const { url, named } = namedService(options, terminal);
  return named || (await probeService(url, probeMs)) !== 'absent';
}

/** ms */
const probeMs = 1_000;

async function addToFile(model: NewModel, options: Pick<AddOptions, 'dryRun'>, terminal: Terminal): Promise<void> {
  const { createModelConfiguration } = await import('../../entry/models/model-configuration.ts');
  const configuration = createModelConfiguration({ folder: process.cwd(), variables: terminal.variables });
  const change = await (options.dryRun === true ? configuration.check(model) : configuration.add(model));
  terminal.print(checkedText(change.checked, terminal));
  const done = change.written ? 'Written into thinkfirst.config.json' : 'Nothing was written. The entry would be';
  terminal.note(`${done}: ${JSON.stringify(change.entry)}`);
  if (!change.written) return;
  terminal.note('Try it with `thinkfirst models check`; the service uses it from its next start.');
  terminal.note(`Requests choose it by name: thinkfirst ask --model ${change.checked.id} …${staysDefault(change)}`);
}

async function addToService(
  given: NewModel,
  options: ServiceOptions & Pick<AddOptions, 'dryRun'>,
  terminal: Terminal,
): Promise<void> {
  const client = await reachService(options, terminal);
  // The service may have another working folder.
  const isHere = given.kind === 'folder' && !/^(~|ollama:)/.test(given.folder);
  const model = isHere ? { ...given, folder: resolve(given.folder) } : given;
  const body = { model, write: options.dryRun !== true } satisfies ChangeModels;
  const change = await client.call(ModelsChange, '/v1/configuration/models', { body });
  terminal.print(checkedText(change.checked, terminal));
  const done = change.written ? `Added to the service at ${client.url}` : 'Nothing was added. The model would be';
  terminal.note(`${done}: ${JSON.stringify(change.entry)}`);
  if (!change.written) return;
  await awaitModel(change.checked.id, client, terminal);
  terminal.note(`Requests choose it by name: thinkfirst ask --model ${change.checked.id} …`);
  terminal.note(`\`thinkfirst models remove ${change.checked.id}\` removes it.`);
}

/** ms */
const lookMs = 300;

/** Tells how far a worker is with the model. @throws CliError where it can't be loaded */
async function awaitModel(id: string, client: ServiceClient, terminal: Terminal): Promise<void> {
  for (let told = ''; ; await delay(lookMs)) {
    const { data, pending = [] } = await client.call(ModelList, '/v1/models');
    const model = data.find((one) => one.id === id) ?? pending.find((one) => one.id === id);
    if (model === undefined) throw new CliError({ message: `${id} was removed meanwhile.` });
    const { status = 'ready', reason } = model;
    if (status === 'ready') return;
    if (status === 'failed') {
      const advice = `The service tries again; \`thinkfirst models remove ${id}\` gives it up.`;
      throw new CliError({ message: `${id} is added, but can’t be used: ${reason ?? 'no reason given'}`, advice });
    }
    const now = stateText(model);
    if (now !== told) terminal.note(terminal.notePaint.dim(now));
    told = now;
  }
}

function stateText({ status, reason, percent }: ShownModelState): string {
  return [status, typeof percent === 'number' && `${percent} %`, reason].filter(Boolean).join(', ');
}

/** The first entry is the default, and what is added stands last. */
function staysDefault({ configuration: { entries } }: ModelsChange): string {
  const [first, ...others] = parseModelsConfig({ models: entries }, () => 'set at the start');
  return first === undefined || others.length === 0
    ? ''
    : `; without a name they get ${first.id}, the first one in the file`;
}

function newModel(named: string, options: AddOptions): NewModel {
  const about = {
    ...(options.id !== undefined && { id: options.id }),
    ...(options.family !== undefined && { family: options.family }),
  };
  const url = serverAddress(named);
  if (url === undefined) {
    const folder = /^(\.{1,2}|~)?[/\\]|^\.{1,2}$|^[A-Za-z]:[/\\]|^ollama:|\.gguf$/i.test(named);
    return folder
      ? { kind: 'folder', folder: named, ...about }
      : { kind: 'hub', hub: named.replace(/^h[fub]+:/, ''), ...about };
  }
  const { name, dialect, keyVariable, context } = options;
  return {
    kind: 'upstream',
    ...about,
    url,
    ...(name !== undefined && { model: name }),
    ...(dialect !== undefined && { dialect }),
    ...(keyVariable !== undefined && { apiKeyVariable: keyVariable }),
    ...(context !== undefined && { contextLength: context }),
  };
}

/** `localhost:8502` and `box:8000/v1` are servers' as well: neither a folder nor a hub name has a port. */
function serverAddress(named: string): string | undefined {
  if (/^https?:\/\//.test(named)) return named;
  return /^(localhost|([\w.-]+|\[[\da-fA-F:]+\]):\d+(\/.*)?)$/.test(named) ? `http://${named}` : undefined;
}

const optionOf = new Map([
  ['model.id', '--id'],
  ['model.family', '--family'],
  ['model.model', '--name'],
  ['model.dialect', '--dialect'],
  ['model.apiKeyVariable', '--key-variable'],
  ['model.contextLength', '--context'],
]);

/** A field of the API's body is an option here, or the model itself. */
function asTyped(error: unknown, named: string): unknown {
  if (!(error instanceof ServiceError || error instanceof CliError)) return error;
  const [, param = '', message] = /^Invalid '([^']+)': (.*)$/s.exec(error.message) ?? [];
  if (message === undefined) return error;
  return new CliError({ message: `${optionOf.get(param) ?? named}: ${message}`, cause: error });
}

function checkedText(
  { id, kind, family, context_length: context, notices }: CheckedModel,
  { paint }: Terminal,
): string {
  const facts = [kind, family && `family ${family}`, context !== null && `${wholeNumber(context)} tokens of context`];
  return [
    `${paint.green('✓')} ${paint.bold(id)}  ${facts.filter(Boolean).join(', ')}`,
    ...notices.map((notice) => `  ${paint.yellow('!')} ${notice}`),
  ].join('\n');
}

function foundText(found: readonly FoundModel[], { paint }: Terminal): string {
  if (found.length === 0) return 'No models were found on this machine.';
  return found
    .map(({ id, source, place, bytes, family, context_length: context, capabilities: can, notice }) => {
      const facts = [
        source,
        bytes !== null && `${(bytes / 1e9).toFixed(1)} GB`,
        family !== null && `family ${family}`,
        context !== null && `${wholeNumber(context)} tokens of context`,
      ];
      const gives = can && [
        can.exact_budget && 'exact budget',
        can.rollback && 'rolls back',
        can.compute && 'computes values',
        can.batching && 'parallel chains',
        can.constraints.length > 0 && 'constrained answers',
        can.tools && 'tools',
        can.score && 'scores',
      ];
      return [
        `${gives ? paint.green('✓') : paint.red('✗')} ${paint.bold(id)}  ${facts.filter(Boolean).join(', ')}`,
        paint.dim(`  ${place}`),
        ...(gives ? [`  gives ${gives.filter(Boolean).join(', ')}`] : []),
        ...(notice === null ? [] : [`  ${paint.yellow('!')} ${notice}`]),
      ].join('\n');
    })
    .join('\n\n');
}

function modelsText({ data, pending = [] }: ModelList, terminal: Terminal): string {
  const { paint } = terminal;
  const open = pending.map((model) => `${paint.bold(model.id)}  added, ${stateText(model)}`);
  return [...cardTexts(data, terminal), ...open].join('\n\n');
}

const sources: Record<ModelState['source'], string> = {
  variable: 'from THINKFIRST_MODELS',
  file: 'from thinkfirst.config.json',
  embedded: 'comes with Thinkfirst',
  added: 'added while the service ran',
};

function cardTexts(models: readonly ModelObject[], { paint }: Terminal): string[] {
  return models.map((model, place) => {
    const { levels } = model.effort_table;
    const heads = ['  effort', 'strategy', 'budget', 'chains', 'revisions'].map((head) => paint.dim(head));
    const rows = Object.entries(levels).map(([effort, level]) => [
      `  ${effort}${effort === model.default_effort ? ' *' : ''}`,
      level.strategy,
      wholeNumber(level.budget_tokens),
      String(level.samples),
      String(level.max_revisions),
    ]);
    const facts = [
      model.implementation,
      `family ${model.family}`,
      `${wholeNumber(model.context_length)} tokens of context`,
      ...(model.source === undefined ? [] : [sources[model.source]]),
      ...(model.status === undefined || model.status === 'ready' ? [] : [stateText(model)]),
    ];
    return [
      `${paint.bold(model.id)}${place === 0 ? paint.green(' (default)') : ''}  ${facts.join(', ')}`,
      paint.dim(`  effort table: ${effortTableText(model.effort_table)}`),
      columns([heads, ...rows], { right: [2, 3, 4] }),
    ].join('\n');
  });
}

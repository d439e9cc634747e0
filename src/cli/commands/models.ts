import { type Command, Option } from 'commander';
import type { FoundModel } from '../../contracts/service/found-models.ts';
import { ModelList, type ModelObject } from '../../contracts/service/listings.ts';
import type { ModelState } from '../../contracts/service/model-card.ts';
import { RemovedModel } from '../../contracts/service/model-configuration.ts';
import { dialectNames } from '../../models/servers/client/dialect.ts';
import { type AddOptions, addModel, newModel, stateText } from '../add-model.ts';
import { CliError } from '../cli-error.ts';
import { reachService, type ServiceOptions } from '../find-service.ts';
import { serviceOptions, wholeNumberFrom } from '../options.ts';
import { columns } from '../render/columns.ts';
import { effortTableText, wholeNumber } from '../render/figures.ts';
import type { Terminal } from '../terminal.ts';

/** `thinkfirst models` */
export function addModels(program: Command, terminal: Terminal): void {
  const models = program
    .command('models')
    .summary('models: list, find, add, remove, check')
    .description(
      'Models that the service runs: folders of this machine, names of the Hugging Face hub, upstream servers. ' +
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
      'Adds a model to the running service, which uses it at once and keeps it until it is removed. If no service runs, ' +
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
    if (options.json === true) return;
    terminal.note(
      found.length > 0
        ? 'Add one with `thinkfirst models find --add ID`.'
        : 'Add one by its folder, file, hub name or address: `thinkfirst models add --help`.',
    );
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

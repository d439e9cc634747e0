import { type Command, Option } from 'commander';
import type { FoundModel } from '../../contracts/service/found-models.ts';
import { ModelList, type ModelObject } from '../../contracts/service/listings.ts';
import type { CheckedModel, ModelsChange, NewModel } from '../../contracts/service/model-configuration.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { parseModelsConfig } from '../../models/config/model-config.ts';
import { dialectNames } from '../../models/servers/client/dialect.ts';
import { CliError } from '../cli-error.ts';
import { reachService, type ServiceOptions } from '../find-service.ts';
import { serviceOptions, wholeNumberFrom } from '../options.ts';
import { columns } from '../render/columns.ts';
import { effortTableText, wholeNumber } from '../render/figures.ts';
import type { Terminal } from '../terminal.ts';

type AddOptions = {
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
    .summary('models: list, find, add, check')
    .description(
      'Models that the service runs: folders of this machine, names of the Hugging Face hub, upstream servers.\n' +
        '`thinkfirst calibrate --model ID` measures what each effort achieves with a model, and writes its effort table.',
    );
  const list = models
    .command('list', { isDefault: true })
    .description('list the models of a running service, with the budget of each effort')
    .option('--json', 'as the service has them');
  serviceOptions(list).action(async (options: ServiceOptions & { json?: true }) => {
    const client = await reachService(options, terminal);
    const all = await client.call(ModelList, '/v1/models');
    terminal.print(options.json === true ? JSON.stringify(all.data, undefined, 2) : modelsText(all.data, terminal));
  });
  models
    .command('add')
    .description('add a model to thinkfirst.config.json in this folder; the service reads it when it starts')
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
    .option('--dry-run', 'check only, write nothing')
    .action(async (named: string, options: AddOptions) => {
      const { createModelConfiguration } = await import('../../entry/models/model-configuration.ts');
      const configuration = createModelConfiguration({ folder: process.cwd(), variables: terminal.variables });
      const model = newModel(named, options);
      const change = await (options.dryRun === true ? configuration.check(model) : configuration.add(model)).catch(
        (error: unknown) => {
          throw asTyped(error, named);
        },
      );
      terminal.print(checkedText(change.checked, terminal));
      const done = change.written ? 'Written into thinkfirst.config.json' : 'Nothing was written. The entry would be';
      terminal.note(`${done}: ${JSON.stringify(change.entry)}`);
      if (!change.written) return;
      terminal.note('Try it with `thinkfirst models check`; a running service uses it after a restart.');
      terminal.note(`Requests choose it by name: thinkfirst ask --model ${change.checked.id} …${staysDefault(change)}`);
    });
  models
    .command('find')
    .description(
      'list the models that this machine has: of servers at their usual ports on loopback (Ollama, LM Studio, llama.cpp, ' +
        'vLLM), and files of Ollama, LM Studio, llama.cpp and the hub',
    )
    .option('--add <id...>', 'add these to thinkfirst.config.json in this folder')
    .option('--json', 'with all that is known of them')
    .action(async (options: { add?: string[]; json?: true }) => {
      const { createModelConfiguration } = await import('../../entry/models/model-configuration.ts');
      const configuration = createModelConfiguration({ folder: process.cwd(), variables: terminal.variables });
      const found = await configuration.find();
      for (const id of options.add ?? []) {
        const model = found.find((one) => one.id === id)?.model;
        if (model === undefined) throw new CliError({ message: `--add: there is no ${id} on this machine.` });
        const change = await configuration.add(model).catch((error: unknown) => {
          throw asTyped(error, id);
        });
        terminal.print(checkedText(change.checked, terminal));
      }
      if (options.add !== undefined) return;
      terminal.print(options.json === true ? JSON.stringify(found, undefined, 2) : foundText(found, terminal));
      if (found.length > 0) terminal.note('Add one with `thinkfirst models find --add ID`.');
    });
  models
    .command('check')
    .description('load models here and let them answer: the configured ones, or those named')
    .argument('[model...]', 'ids from the configuration, folders or hub names')
    .action(async (named: string[]) => {
      const { checkModels } = await import('../check-model.ts');
      await checkModels(named, terminal);
    });
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
  if (!(error instanceof ServiceError) || error.param === undefined) return error;
  const message = error.message.replace(`Invalid '${error.param}': `, '');
  return new CliError({ message: `${optionOf.get(error.param) ?? named}: ${message}`, cause: error });
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

function modelsText(models: readonly ModelObject[], { paint }: Terminal): string {
  return models
    .map((model, place) => {
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
      ];
      return [
        `${paint.bold(model.id)}${place === 0 ? paint.green(' (default)') : ''}  ${facts.join(', ')}`,
        paint.dim(`  effort table: ${effortTableText(model.effort_table)}`),
        columns([heads, ...rows], { right: [2, 3, 4] }),
      ].join('\n');
    })
    .join('\n\n');
}

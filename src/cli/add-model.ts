import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ModelList } from '../contracts/service/listings.ts';
import type { ShownModelState } from '../contracts/service/model-card.ts';
import {
  type ChangeModels,
  type CheckedModel,
  ModelsChange,
  type NewModel,
} from '../contracts/service/model-configuration.ts';
import { ServiceError } from '../contracts/service/service-error.ts';
import { probeService } from '../entry/probe-service.ts';
import { parseModelsConfig } from '../models/config/model-config.ts';
import { CliError } from './cli-error.ts';
import { namedService, reachService, type ServiceOptions } from './find-service.ts';
import { upperFirst, wholeNumber } from './render/figures.ts';
import type { ServiceClient } from './service-client.ts';
import type { Terminal } from './terminal.ts';

export type AddOptions = ServiceOptions & {
  file?: true;
  id?: string;
  family?: string;
  name?: string;
  dialect?: string;
  keyVariable?: string;
  context?: number;
  dryRun?: true;
};

/** What is named on the command line: a folder, a GGUF file, a model of Ollama, a hub name or the address of a server. */
export function newModel(named: string, options: AddOptions): NewModel {
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

/** Adds a model to the running service, or to the file. `named`: as it was typed, for messages. */
export async function addModel(
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
  const { createModelConfiguration } = await import('../entry/models/model-configuration.ts');
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

/** How far a worker is with a model that was added. */
export function stateText({ status, reason, percent }: ShownModelState): string {
  const far = [status, typeof percent === 'number' && `${percent} %`].filter(Boolean).join(', ');
  return reason == null ? far : `${far}: ${reason}`;
}

/** The first entry is the default, and what is added stands last. */
function staysDefault({ configuration: { entries } }: ModelsChange): string {
  const [first, ...others] = parseModelsConfig({ models: entries }, () => 'set at the start');
  return first === undefined || others.length === 0
    ? ''
    : `; without a name they get ${first.id}, the first one in the file`;
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
  const option = optionOf.get(param);
  const namesIt = option === undefined && /[/:]/.test(named) && message.includes(named);
  const told = namesIt ? upperFirst(message) : `${option ?? named}: ${message}`;
  return new CliError({ message: told, cause: error });
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

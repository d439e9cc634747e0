import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelConfig, parseModelsConfig, parseModelsVariable } from '../models/model-config.ts';
import type { Environment } from './environment.ts';
import { StartError } from './start-error.ts';

const configFile = 'thinkfirst.config.json';

/**
 * The models to serve, the first is the default: those of `THINKFIRST_MODELS` (ids of the file are known to it), else of `thinkfirst.config.json` in the
 * working folder, else the embedded one.
 * @throws StartError or ServiceError, one line that names the entry and what was expected
 */
export function configuredModels(
  { THINKFIRST_MODELS: named }: Environment,
  variables: Readonly<Record<string, string | undefined>>,
): ModelConfig[] {
  const lookUp = (name: string) => variables[name];
  const path = fileURLToPath(new URL('../../models/thinkfirst-135m', import.meta.url));
  const embedded: ModelConfig = { kind: 'folder', id: 'thinkfirst-135m', path };
  const file = resolve(configFile);
  const inFile = () =>
    existsSync(file) ? parseModelsConfig(parseJson(readFileSync(file, 'utf8')), lookUp) : [embedded];
  if (named === undefined) return inFile();
  const known = (id: string) => (id === embedded.id ? embedded : inFile().find((model) => model.id === id));
  return parseModelsVariable(named, lookUp, known);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartError(`${configFile} is not valid JSON: ${error instanceof Error ? error.message : 'unreadable'}.`);
  }
}

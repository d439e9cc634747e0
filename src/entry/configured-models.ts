import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModelConfig, parseModelsConfig, parseModelsVariable } from '../models/model-config.ts';
import type { Environment } from './environment.ts';
import { StartError } from './start-error.ts';

const configFile = 'thinkfirst.config.json';

/**
 * The models to serve, the first is the default: those of `THINKFIRST_MODELS`, else of `thinkfirst.config.json` in the
 * working folder, else the embedded one.
 * @throws StartError or ServiceError, one line that names the entry and what was expected
 */
export function configuredModels(
  { THINKFIRST_MODELS: named }: Environment,
  variables: Readonly<Record<string, string | undefined>>,
): ModelConfig[] {
  const lookUp = (name: string) => variables[name];
  if (named !== undefined) return parseModelsVariable(named, lookUp);
  const file = resolve(configFile);
  if (existsSync(file)) return parseModelsConfig(parseJson(readFileSync(file, 'utf8')), lookUp);
  const path = fileURLToPath(new URL('../../models/thinkfirst-135m', import.meta.url));
  return [{ kind: 'folder', id: 'thinkfirst-135m', path }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartError(`${configFile} is not valid JSON: ${error instanceof Error ? error.message : 'unreadable'}.`);
  }
}

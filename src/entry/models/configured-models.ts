import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  configFile,
  type FolderModel,
  type ModelConfig,
  parseModelName,
  parseModelsConfig,
  parseModelsVariable,
} from '../../models/config/model-config.ts';
import { type OperatorServers, parseOperatorServers } from '../../tools/mcp/operator-servers.ts';
import type { Environment } from '../environment.ts';
import { StartError } from '../run-entry.ts';

/** The model that comes with the package. */
export const embeddedModel: FolderModel = {
  kind: 'folder',
  id: 'thinkfirst-135m',
  path: fileURLToPath(new URL('../../../models/thinkfirst-135m', import.meta.url)),
};

/**
 * The models to serve, the first is the default: those of `THINKFIRST_MODELS` (ids of the file are known to it), else of `thinkfirst.config.json` in the
 * working folder, else the embedded one. `modelsOption`: `--models`, where that was typed in the variable's place.
 * @throws StartError or ServiceError, one line that names the place, the entry and what was expected
 */
export function configuredModels(
  { THINKFIRST_MODELS: named }: Environment,
  variables: Readonly<Record<string, string | undefined>>,
  { modelsOption }: { modelsOption?: string | undefined } = {},
): ModelConfig[] {
  const lookUp = (name: string) => variables[name];
  const inFile = () => {
    const config = readConfigFile();
    return config === undefined || namesOnlyServers(config) ? [embeddedModel] : parseModelsConfig(config, lookUp);
  };
  if (named === undefined) return inFile();
  function* known() {
    yield embeddedModel;
    yield* inFile();
  }
  return parseModelsVariable(named, lookUp, { known, ...(modelsOption !== undefined && { name: modelsOption }) });
}

/** Where `configuredModels` finds them, in words. @throws StartError */
export function configuredSource(variables: Readonly<Record<string, string | undefined>>): string {
  if ((variables['THINKFIRST_MODELS'] ?? '') !== '') return 'from THINKFIRST_MODELS';
  const config = readConfigFile();
  return config === undefined || namesOnlyServers(config) ? 'comes with Thinkfirst' : `from ${configFile}`;
}

/** One of the configured models by its id, or the embedded one; else a folder or a hub name. @throws ServiceError that lists the ids */
export function namedModel(name: string, configured: readonly ModelConfig[]): ModelConfig {
  const known = [...configured, embeddedModel];
  return known.find(({ id }) => id === name) ?? parseModelName(name, { known: () => known });
}

/** The operator's MCP servers of `thinkfirst.config.json` in the working folder. @throws StartError or ServiceError, one line */
export function configuredMcpServers(variables: Readonly<Record<string, string | undefined>>): OperatorServers {
  return parseOperatorServers(readConfigFile(), (name) => variables[name]);
}

/** A file that is there for MCP servers alone leaves the models as they are without one. */
export function namesOnlyServers(config: unknown): boolean {
  const known = typeof config === 'object' && config !== null && !Array.isArray(config) ? config : {};
  return 'mcpServers' in known && !('models' in known);
}

function readConfigFile(): unknown {
  const file = resolve(configFile);
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new StartError(`${configFile} is not valid JSON: ${error instanceof Error ? error.message : 'unreadable'}.`);
  }
}

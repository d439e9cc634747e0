import { ServiceError } from '../../contracts/service/service-error.ts';
import { type Environment, parseEnvironment, unknownText, unknownVariables } from '../../entry/environment.ts';
import { configuredMcpServers, configuredModels, configuredSource } from '../../entry/models/configured-models.ts';
import { recordStore } from '../../entry/open-records.ts';
import { StartError } from '../../entry/run-entry.ts';
import type { ModelConfig } from '../../models/config/model-config.ts';
import { createAddedModels } from '../../store/added-models.ts';
import { checkWall, type WallCheck } from '../../tools/python/check-wall.ts';
import { doubtful, type Finding, faulty, well } from './finding.ts';
import { machineFindings, nativeFindings } from './machine.ts';
import { mcpServerFindings } from './mcp-servers.ts';
import { addedFinding, modelFindings, sourcesFinding } from './model-files.ts';
import { portFinding } from './port.ts';
import { folderFindings, redisFindings } from './store.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Looks at everything that a start needs, and changes nothing. In the order in which to mend it. */
export async function diagnose(variables: Variables): Promise<Finding[]> {
  const { environment, finding } = readEnvironment(variables);
  const models = readModels(environment, variables);
  return [
    ...machineFindings({ threads: environment.THINKFIRST_THREADS }),
    finding,
    ...(await nativeFindings()),
    pythonFinding(await checkWall()),
    ...('finding' in models ? [models.finding] : await allModels(models.configs, environment, variables)),
    ...(await mcpServerFindings(() => configuredMcpServers(variables))),
    await portFinding({ host: environment.HOST, port: environment.PORT }),
    ...(await (environment.REDIS_URL === undefined
      ? folderFindings(environment.THINKFIRST_DATA)
      : redisFindings(environment.REDIS_URL))),
  ];
}

function machineOf({ THINKFIRST_GPU: gpu, THINKFIRST_KV_MB: kvMegabytes }: Environment) {
  return { gpu: gpu !== 'off', kvMegabytes };
}

async function allModels(
  configs: readonly ModelConfig[],
  environment: Environment,
  variables: Variables,
): Promise<Finding[]> {
  const records = recordStore(environment);
  const list = createAddedModels({ records, now: Date.now, newRevision: () => '' }).list();
  // A store that does not answer has a finding of its own.
  const { models } = await list.catch(() => ({ models: [] }));
  await records.close();
  return [
    sourcesFinding(configuredSource(variables), configs, models),
    ...(await modelFindings(configs, machineOf(environment))),
    ...(await Promise.all(models.map(addedFinding))),
  ];
}

/** With a bad variable the rest is looked at with the defaults. */
function readEnvironment(variables: Variables): { environment: Environment; finding: Finding } {
  try {
    return { environment: parseEnvironment(variables), finding: variablesFinding(variables) };
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const finding = faulty('environment', error.message, 'docs/cli.md lists the variables and their values.');
    return { environment: parseEnvironment({}), finding };
  }
}

export function variablesFinding(variables: Variables): Finding {
  const unknown = unknownVariables(variables);
  if (unknown.length === 0) return well('environment', 'every variable can be read');
  const detail = unknown.map(unknownText).join(' ');
  return doubtful('environment', detail, 'Correct the name, or unset it; docs/cli.md lists the variables.');
}

function readModels(environment: Environment, variables: Variables): { configs: ModelConfig[] } | { finding: Finding } {
  try {
    return { configs: configuredModels(environment, variables) };
  } catch (error) {
    if (!(error instanceof StartError) && !(error instanceof ServiceError)) throw error;
    return {
      finding: faulty(
        'models',
        error.message,
        'Correct thinkfirst.config.json or THINKFIRST_MODELS; see docs/models.md.',
      ),
    };
  }
}

/** Whether code that models write can be run here. Without it the service works, but for the tool `code_interpreter`. */
function pythonFinding(check: WallCheck): Finding {
  if ('wall' in check) return well('Python', 'runs in its sandbox (bubblewrap)');
  return doubtful('Python', `code_interpreter is refused. ${check.reason}`, check.advice);
}

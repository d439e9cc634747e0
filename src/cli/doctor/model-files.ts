import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { unknownChecks } from '../../checks/chosen-checks.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { readEffortTable } from '../../models/config/effort-tables.ts';
import type { ModelConfig } from '../../models/config/model-config.ts';
import { loadModelFolder } from '../../models/local/folder/model-folder.ts';
import { isGguf } from '../../models/local/gguf/gguf-files.ts';
import { examineGguf } from '../../models/local/gguf/gguf-local-model.ts';
import { discoverServer } from '../../models/servers/client/discover-server.ts';
import type { AddedModelList } from '../../store/added-models.ts';
import { effortTableText } from '../render/figures.ts';
import { doubtful, type Finding, faulty, well } from './finding.ts';
import { serverFindings } from './server.ts';

const sums = 'SHA256SUMS';

type GgufMachine = Parameters<typeof examineGguf>[1];

/** Each configured model: its files, whole where they come with checksums, or its server; then its effort table. */
export async function modelFindings(
  configs: readonly ModelConfig[],
  machine: GgufMachine = { gpu: true, kvMegabytes: 256 },
): Promise<Finding[]> {
  const findings = await Promise.all(
    configs.map(async (config) => [await modelFinding(config, machine), tableFinding(config)].flat()),
  );
  return findings.flat();
}

/** Which models there are, and where each comes from. */
export function sourcesFinding(
  source: string,
  configs: readonly ModelConfig[],
  added: AddedModelList['models'],
): Finding {
  const own = `${configs.map(({ id }) => id).join(', ')} (${source})`;
  const others = added.map(({ id }) => id).join(', ');
  return well('models', others === '' ? own : `${own}; added while the service ran: ${others}`);
}

/** A model that was added to the running service: without it the service works all the same. */
export async function addedFinding({ id, entry }: AddedModelList['models'][number]): Promise<Finding> {
  const name = `model ${id}`;
  const advice = `Start that server, or remove the model: thinkfirst models remove ${id}`;
  const { url, folder } = entry;
  if (typeof url === 'string') {
    const answers = (await discoverServer(url, { fetch, timeoutMs: answerMs })) !== 'away';
    return answers ? well(name, `${url} answers`) : doubtful(name, `nothing answers at ${url}`, advice);
  }
  return well(name, typeof folder === 'string' ? `in ${folder}` : 'of the hub');
}

/** ms */
const answerMs = 3_000;

function modelFinding(config: ModelConfig, machine: GgufMachine): Finding | Promise<Finding | Finding[]> {
  const name = `model ${config.id}`;
  switch (config.kind) {
    case 'folder':
      return isGguf(config.path) ? ggufFinding(name, config, machine) : folderFinding(name, config);
    case 'hub':
      return well(name, `${config.name} of the hub, fetched at the first start; then it works without a network`);
    case 'upstream':
      return serverFindings(config);
    default:
      return config satisfies never;
  }
}

function tableFinding({ id, effortTable }: ModelConfig): Finding {
  const name = `efforts of ${id}`;
  try {
    const from = effortTable === undefined ? '' : ` (${effortTable.path})`;
    const table = readEffortTable(id, effortTable);
    const unknown = unknownChecks(table);
    if (unknown.length > 0) {
      const advice = `They have no effect. Remove them from the table, or run \`thinkfirst calibrate --model ${id}\` for a new one.`;
      return doubtful(name, `the table names checks that don't exist: ${unknown.join(', ')}${from}`, advice);
    }
    return well(name, `${effortTableText(table)}${from}`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return faulty(name, error.message, 'Correct that file, or remove the field from the entry; see docs/models.md.');
  }
}

async function folderFinding(name: string, config: Extract<ModelConfig, { kind: 'folder' }>): Promise<Finding> {
  try {
    const folder = await loadModelFolder(config);
    const weights = folder.onnx();
    if (weights === undefined) {
      return faulty(
        name,
        `${folder.path} has no weights`,
        'Add onnx/model_q4.onnx (or a similar file); see docs/models.md.',
      );
    }
    const broken = await brokenFiles(folder.path);
    if (broken.length > 0) {
      return faulty(
        name,
        `${broken.join(', ')} of ${folder.path} is not as published`,
        'Fetch it again: npm ci, or git checkout models',
      );
    }
    const checked = existsSync(join(folder.path, sums)) ? ', checksums right' : '';
    return well(name, `${(weights.bytes / 1e6).toFixed(0)} MB (${weights.dtype}) in ${folder.path}${checked}`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return faulty(
      name,
      error.message,
      'docs/models.md describes model folders; thinkfirst models check NAME tests one.',
    );
  }
}

async function ggufFinding(
  name: string,
  config: Extract<ModelConfig, { kind: 'folder' }>,
  machine: GgufMachine,
): Promise<Finding> {
  try {
    const { bytes, path, device } = await examineGguf(config, machine);
    return well(name, `${(bytes / 1e6).toFixed(0)} MB (GGUF) in ${path}, runs on the ${device}`);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return faulty(name, error.message, 'docs/models.md describes GGUF files.');
  }
}

/** Those that aren't what `SHA256SUMS` beside them says; none where there is no such file. */
export async function brokenFiles(folder: string): Promise<string[]> {
  if (!existsSync(join(folder, sums))) return [];
  const lines = (await readFile(join(folder, sums), 'utf8')).trim().split('\n');
  const broken: string[] = [];
  for (const line of lines) {
    const [sum, file] = line.split(/\s+\*?/);
    if (file === undefined) continue;
    if (!existsSync(join(folder, file)) || (await sha256(join(folder, file))) !== sum) broken.push(file);
  }
  return broken;
}

async function sha256(file: string): Promise<string> {
  if (!statSync(file).isFile()) return '';
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

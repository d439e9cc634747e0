import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { EffortTable } from '../../contracts/service/effort-table.ts';
import { ServiceError } from '../../contracts/service/service-error.ts';
import { familyByName } from '../families/index.ts';
import { plain } from '../families/plain.ts';
import { absolutePath } from '../local/folder/model-files.ts';
import type { TableFile } from './model-config.ts';

/** Beside this file: tables of models that come with the package, and the two defaults for models that were never calibrated. */
const folder = fileURLToPath(new URL('./effort-tables/', import.meta.url));

/**
 * What each effort spends with this model: the table that its entry names (`named`), else the package's own for its id, else the
 * default of its `family`: `default-thinking` for families with think tags, `default-plain` for models that think when asked to.
 * @throws ServiceError `invalid_value`, one line that names the entry's field, the file and what was expected
 */
export function readEffortTable(modelId: string, named?: TableFile, family?: string): EffortTable {
  const own = packagedTable(modelId);
  const thinks = familyByName(family ?? plain.name)?.tags !== undefined;
  const path = existsSync(own) ? own : packagedTable(thinks ? 'default-thinking' : 'default-plain');
  return { ...tableIn(named ?? { path, field: 'effort table' }, modelId), model: modelId };
}

/** Where the package has a table of its own for this id, if it has one. */
export function packagedTable(modelId: string): string {
  return `${folder}${fileName(modelId)}.json`;
}

/** `org/name` as `org--name`; anything else that a path could be made of goes too. */
export function fileName(modelId: string): string {
  return modelId.replaceAll('/', '--').replaceAll(/[^\w.-]/g, '_');
}

function tableIn({ path, field }: TableFile, modelId: string): EffortTable {
  const file = absolutePath(path);
  const fault = (what: string, cause?: unknown) =>
    new ServiceError({ code: 'invalid_value', param: field, message: `${field}: ${what}`, cause });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no reason given';
    if (code === 'ENOENT')
      throw fault(`there is no file ${file}; \`thinkfirst calibrate --model ${modelId}\` writes it`, error);
    throw fault(`${file} can't be read (${code})`, error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The parser's own words quote the file, which may be anything.
    throw fault(`${file} is not valid JSON; expected an effort table written by \`thinkfirst calibrate\``, error);
  }
  const parsed = EffortTable.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : `${z.core.toDotPath(issue.path)}: `;
  throw fault(`${file} is not an effort table: ${place}${issue?.message ?? 'not valid'}`, parsed.error);
}

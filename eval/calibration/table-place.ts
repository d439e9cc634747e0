import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EffortTable } from '../../src/contracts/service/effort-table.ts';
import { embeddedModel } from '../../src/entry/models/configured-models.ts';
import { fileName, packagedTable, readEffortTable } from '../../src/models/config/effort-tables.ts';
import type { ModelConfig } from '../../src/models/config/model-config.ts';
import { absolutePath } from '../../src/models/local/folder/model-files.ts';

/** Where a calibration writes its table, and whether the service reads that file already. */
type TablePlace = { path: string; isRead: boolean };

/**
 * `out` if given, otherwise the file that the entry names, otherwise the package's own table of the embedded model,
 * otherwise `MODEL.effort.json` in the working folder, next to `thinkfirst.config.json`.
 */
export function tablePlace(config: ModelConfig, out?: string): TablePlace {
  const read = config.effortTable?.path ?? (isEmbedded(config) ? packagedTable(config.id) : undefined);
  const path = out ?? read ?? `./${fileName(config.id)}.effort.json`;
  return { path, isRead: read !== undefined && absolutePath(read) === absolutePath(path) };
}

/**
 * The existing table, or the default of the model's `family`; the file that the entry names need not exist yet.
 * @throws ServiceError if it is invalid
 */
export function tableBefore({ id, effortTable }: ModelConfig, family?: string): EffortTable {
  const named = effortTable !== undefined && existsSync(absolutePath(effortTable.path)) ? effortTable : undefined;
  return readEffortTable(id, named, family);
}

/** Called before any measurement. @throws Error that says what to do */
export async function assertWritable(path: string): Promise<void> {
  const folder = dirname(absolutePath(path));
  await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${folder} can't be written (${error.code}); name another file with --out`);
  });
}

function isEmbedded(config: ModelConfig): boolean {
  const { id, path } = embeddedModel;
  return config.kind === 'folder' && config.id === id && absolutePath(config.path) === path;
}

import type { CreateResponse } from '../../../contracts/responses/create-response.ts';
import type { InputItem } from '../../../contracts/responses/input-item.ts';
import { invalidValue } from '../../../contracts/service/service-error.ts';
import type { RecordStore } from '../../../core/record-store.ts';
import type { Caller } from '../../caller.ts';
import { createBatchRecords } from '../../protocols/batches/batch-records.ts';
import { fieldPath } from '../../validation-error.ts';

/** An uploaded file as a part of a prompt: `data` is a data URL; `text` is there where the file is text. */
export type PromptFile = { name: string; data: string; text?: string };
export type PromptFiles = ReadonlyMap<string, PromptFile>;

/** Of all files of one request: its job holds them. */
const mostBytes = 8_388_608;

/**
 * The uploaded files that a request's input and earlier items name, by their ids.
 * @throws ServiceError `not_found` for another's as for none, `invalid_value` for one of another purpose or too much in all
 */
export async function promptFiles(
  { input }: Pick<CreateResponse, 'input'>,
  context: readonly InputItem[],
  { caller, records }: { caller: Caller; records: RecordStore },
): Promise<PromptFiles> {
  const store = createBatchRecords(records);
  const files = new Map<string, PromptFile>();
  let bytes = 0;
  const earlier = context.flatMap((item) => named(item, ['previous_response_id']));
  const own = typeof input === 'string' ? [] : input.flatMap((item, index) => named(item, ['input', index]));
  for (const { id, param } of [...earlier, ...own]) {
    if (files.has(id)) continue;
    const { purpose, filename, bytes: size } = await store.file(id, caller, param);
    if (purpose !== 'user_data') throw invalidValue(param, "expected a file of purpose 'user_data'");
    bytes += size;
    if (bytes > mostBytes) throw invalidValue(param, `expected files of at most ${mostBytes} bytes in total`);
    files.set(id, fileOf(filename, await store.content(id)));
  }
  return files;
}

function named(item: InputItem, path: Array<string | number>): Array<{ id: string; param: string }> {
  const field = 'output' in item ? 'output' : 'content';
  const parts = 'output' in item ? item.output : 'content' in item ? item.content : [];
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part, index) =>
    (part.type === 'input_file' || part.type === 'input_image') && part.file_id
      ? [{ id: part.file_id, param: fieldPath(path.length === 1 ? path : [...path, field, index, 'file_id']) }]
      : [],
  );
}

const signatures: ReadonlyArray<[begins: string, type: string]> = [
  ['%PDF', 'application/pdf'],
  ['\x89PNG', 'image/png'],
  ['\xff\xd8\xff', 'image/jpeg'],
  ['GIF8', 'image/gif'],
  ['RIFF', 'image/webp'],
];

/** What a file is follows from its bytes: names and declared types are whatever a caller wrote. */
function fileOf(name: string, bytes: Uint8Array): PromptFile {
  const content = Buffer.from(bytes);
  const start = content.subarray(0, 8).toString('latin1');
  const type = signatures.find(([begins]) => start.startsWith(begins))?.[1];
  const text = type === undefined ? textOf(bytes) : undefined;
  const media = type ?? (text === undefined ? 'application/octet-stream' : 'text/plain');
  const data = `data:${media};base64,${content.toString('base64')}`;
  return { name, data, ...(text === undefined ? {} : { text }) };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

import { z } from 'zod';
import { BatchRecord, BatchRequest, batchId, FileRecord, fileId } from '../../contracts/batch.ts';
import { ServiceError } from '../../contracts/service-error.ts';
import type { RecordStore } from '../../store/record-store.ts';
import type { Caller } from '../caller.ts';

/** Batches and files of one caller, among the small records. What a file holds is a record of its own. */
export type BatchRecords = {
  saveBatch(record: BatchRecord): Promise<void>;
  /** One that is gone stays so. */
  changeBatch(id: string, change: (record: BatchRecord) => BatchRecord): Promise<void>;
  removeBatch(id: string): Promise<void>;
  /** What a batch that is starting still has to queue. */
  saveInput(id: string, requests: readonly BatchRequest[]): Promise<void>;
  input(id: string): Promise<BatchRequest[]>;
  removeInput(id: string): Promise<void>;
  /** @throws ServiceError `not_found` for another's as for none */
  batch(id: string, caller: Caller): Promise<BatchRecord>;
  /** Newest first. */
  batches(caller: Caller): Promise<BatchRecord[]>;
  saveFile(record: FileRecord, content: string): Promise<void>;
  /** @throws ServiceError `not_found` for another's as for none */
  file(id: string, caller: Caller, param: string): Promise<FileRecord>;
  content(id: string): Promise<string>;
  /** Newest first. */
  files(caller: Caller): Promise<FileRecord[]>;
  removeFile(id: string): Promise<void>;
};

const BatchInput = z.object({ requests: z.array(BatchRequest) });

export function createBatchRecords(records: RecordStore): BatchRecords {
  const all = async <T extends { owner: string | null; created_at: number; id: string }>(
    prefix: string,
    parse: (value: unknown) => T,
    caller: Caller,
  ): Promise<T[]> => {
    const found: T[] = [];
    for (const key of await records.keys(prefix)) {
      const stored = await records.get(key);
      const record = stored === undefined ? undefined : parse(stored);
      if (record && record.owner === caller.owner) found.push(record);
    }
    return found.sort((one, other) => other.created_at - one.created_at || (one.id < other.id ? 1 : -1));
  };
  return {
    saveBatch: (record) => records.set(`batches:${record.id}`, record),
    changeBatch: (id, change) =>
      records.update(`batches:${id}`, (stored) =>
        stored === undefined ? undefined : change(BatchRecord.parse(stored)),
      ),
    async removeBatch(id) {
      await records.remove(`batches:${id}`);
    },
    saveInput: (id, requests) => records.set(`batch-inputs:${id}`, { requests }),
    async input(id) {
      const stored = await records.get(`batch-inputs:${id}`);
      return stored === undefined ? [] : BatchInput.parse(stored).requests;
    },
    async removeInput(id) {
      await records.remove(`batch-inputs:${id}`);
    },
    async batch(id, caller) {
      const stored = batchId.test(id) ? await records.get(`batches:${id}`) : undefined;
      const record = stored === undefined ? undefined : BatchRecord.parse(stored);
      if (record === undefined || record.owner !== caller.owner)
        throw notFound('batch', batchId.test(id) ? id : '', 'id');
      return record;
    },
    batches: (caller) => all('batches', (value) => BatchRecord.parse(value), caller),
    async saveFile(record, content) {
      await records.set(`file-contents:${record.id}`, { content });
      await records.set(`files:${record.id}`, record);
    },
    async file(id, caller, param) {
      const stored = fileId.test(id) ? await records.get(`files:${id}`) : undefined;
      const record = stored === undefined ? undefined : FileRecord.parse(stored);
      if (record === undefined || record.owner !== caller.owner)
        throw notFound('file', fileId.test(id) ? id : '', param);
      return record;
    },
    async content(id) {
      const stored = await records.get(`file-contents:${id}`);
      const holds = typeof stored === 'object' && stored !== null && 'content' in stored;
      return holds && typeof stored.content === 'string' ? stored.content : '';
    },
    files: (caller) => all('files', (value) => FileRecord.parse(value), caller),
    async removeFile(id) {
      await records.remove(`files:${id}`);
      await records.remove(`file-contents:${id}`);
    },
  };
}

function notFound(what: string, id: string, param: string): ServiceError {
  const message = `There is no ${what}${id === '' ? '' : ` '${id}'`}.`;
  return new ServiceError({ code: 'not_found', message, param });
}

import { z } from 'zod';
import { BatchRecord, BatchRequest, batchId, FileRecord, fileId } from '../../../contracts/protocols/batch.ts';
import { ServiceError } from '../../../contracts/service/service-error.ts';
import type { RecordStore } from '../../../core/record-store.ts';
import type { Caller } from '../../caller.ts';
import { pageOf } from '../../pages.ts';
import { type ListedKind, listedOf, listingKey, unlist } from '../record-listing.ts';

/** Batches and files of callers, as records. */
export type BatchRecords = StoredBatches & StoredFiles;

type StoredBatches = {
  saveBatch(record: BatchRecord): Promise<void>;
  /** Does nothing if it was removed. */
  changeBatch(id: string, change: (record: BatchRecord) => BatchRecord): Promise<void>;
  removeBatch(record: BatchRecord): Promise<void>;
  /** The requests of a batch that is starting. */
  saveInput(id: string, requests: readonly BatchRequest[]): Promise<void>;
  input(id: string): Promise<BatchRequest[]>;
  removeInput(id: string): Promise<void>;
  /** @throws ServiceError `not_found` if it does not exist or belongs to another key */
  batch(id: string, caller: Caller): Promise<BatchRecord>;
  /** Newest first. */
  batches(caller: Caller, page: PageQuery): Promise<Page<BatchRecord>>;
};

/** The content of a file is a record of its own. */
type StoredFiles = {
  /** @throws ServiceError `conflict` if the owner's files would exceed `mostBytes` in total */
  saveFile(record: FileRecord, content: Uint8Array, mostBytes: number): Promise<void>;
  /** @throws ServiceError `not_found` if it does not exist or belongs to another key */
  file(id: string, caller: Caller, param: string): Promise<FileRecord>;
  content(id: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Newest first. */
  files(caller: Caller, page: PageQuery): Promise<Page<FileRecord>>;
  removeFile(record: FileRecord): Promise<void>;
};
type PageQuery = Parameters<typeof pageOf>[1];
type Page<T> = { data: T[]; hasMore: boolean };

/** Every file counts as at least this many bytes, so that the number of small files is limited as well. */
const leastBytes = 16_384;

/** `content`: the text itself, of an older version. */
const FileContent = z.object({ base64: z.string().optional(), content: z.string().optional() });
const BatchInput = z.object({ requests: z.array(BatchRequest) });

export function createBatchRecords(records: RecordStore): BatchRecords {
  return { ...batchesOf(records), ...filesOf(records) };
}

function batchesOf(records: RecordStore): StoredBatches {
  return {
    async saveBatch(record) {
      await records.set(listingKey('batches', record), {});
      await records.set(`batches:${record.id}`, record);
    },
    changeBatch: (id, change) =>
      records.update(`batches:${id}`, (stored) =>
        stored === undefined ? undefined : change(BatchRecord.parse(stored)),
      ),
    async removeBatch(record) {
      await records.remove(`batches:${record.id}`);
      await unlist(records, 'batches', record);
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
    batches: (caller, query) => pageOfKind(records, caller, { kind: 'batches', query, schema: BatchRecord }),
  };
}

function filesOf(records: RecordStore): StoredFiles {
  return {
    async saveFile(record, content, mostBytes) {
      // Listed first, so that of two uploads at once each counts the other.
      const key = listingKey('files', record);
      await records.set(key, {});
      const sizes = (await listedOf(records, 'files', record)).map(({ bytes }) => Math.max(bytes, leastBytes));
      if (sizes.reduce((sum, bytes) => sum + bytes, 0) > mostBytes) {
        await records.remove(key);
        throw tooMuch(mostBytes);
      }
      // Not as text: line ends, escaped one by one, take a tenth of a second of the event loop.
      await records.set(`file-contents:${record.id}`, { base64: Buffer.from(content).toString('base64') });
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
      const { base64, content = '' } = FileContent.parse((await records.get(`file-contents:${id}`)) ?? {});
      return new Uint8Array(base64 === undefined ? Buffer.from(content) : Buffer.from(base64, 'base64'));
    },
    files: (caller, query) => pageOfKind(records, caller, { kind: 'files', query, schema: FileRecord }),
    async removeFile(record) {
      await records.remove(`files:${record.id}`);
      await records.remove(`file-contents:${record.id}`);
      await unlist(records, 'files', record);
    },
  };
}

async function pageOfKind<T extends { owner: string | null }>(
  records: RecordStore,
  caller: Caller,
  { kind, query, schema }: { kind: ListedKind; query: PageQuery; schema: z.ZodType<T> },
): Promise<Page<T>> {
  const { data, hasMore } = pageOf(await listedOf(records, kind, caller), query);
  const stored = await Promise.all(data.map(({ id }) => records.get(`${kind}:${id}`)));
  // A listed id without a record is one whose creation broke off.
  const found = stored.filter((value) => value !== undefined).map((value) => schema.parse(value));
  return { data: found.filter(({ owner }) => owner === caller.owner), hasMore };
}

function tooMuch(mostBytes: number): ServiceError {
  const message = `The files of a key may have at most ${mostBytes} bytes in total. Delete some of them.`;
  return new ServiceError({ code: 'conflict', message, param: 'file', retryable: false });
}

function notFound(what: string, id: string, param: string): ServiceError {
  const message = `There is no ${what}${id === '' ? '' : ` '${id}'`}.`;
  return new ServiceError({ code: 'not_found', message, param });
}

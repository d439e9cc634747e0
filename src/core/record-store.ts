/**
 * Small records by key: conversations and the like. Values are JSON. Keys are words of letters, digits, `_` and `-`,
 * joined by `:`. Every method throws ServiceError `backend_unavailable` when the backend is away.
 */
export type RecordStore = {
  /** As it was stored, to be parsed by its reader; undefined where there is none. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  /**
   * Reads, changes and writes one record as one step, over all processes that may. `change` may be called again, with what
   * another one has written in between; `undefined` from it leaves the record as it is.
   */
  update(key: string, change: (value: unknown) => unknown): Promise<void>;
  /** Keys under a prefix (`feedback` of `feedback:a:b`), in no order. */
  keys(prefix: string): Promise<string[]>;
  /** False: there was none. */
  remove(key: string): Promise<boolean>;
  close(): Promise<void>;
};

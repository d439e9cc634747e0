import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { ReadBytes } from './protobuf.ts';

/** Files that are read here and there, each opened once. */
export type OpenFiles = {
  /** @throws Error of the file system */
  open(file: string): { read: ReadBytes; size: number };
  close(): void;
};

export function openFiles(): OpenFiles {
  const opened = new Map<string, { read: ReadBytes; size: number; descriptor: number }>();
  return {
    open(file) {
      const known = opened.get(file);
      if (known) return known;
      const { size } = statSync(file);
      const descriptor = openSync(file, 'r');
      const read = (at: number, length: number) => {
        const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - at)));
        return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, at));
      };
      opened.set(file, { read, size, descriptor });
      return { read, size };
    },
    close() {
      for (const { descriptor } of opened.values()) closeSync(descriptor);
    },
  };
}

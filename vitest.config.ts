import { defineConfig } from 'vitest/config';

/** ms that `expect.poll` goes on: vitest's own second is soon over on a busy machine. */
const expectation = { poll: { timeout: 30_000 } };

/**
 * `unit`: no weights, no sockets, seconds. `conformance`: each implementation of a port against its suite (real Redis,
 * real PGlite, the real model). `console`: the pages in Chromium, against the whole service with the real model. `e2e`: the
 * whole service over a real socket.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'chaos',
          expect: expectation,
          include: ['test/chaos/**/*.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'unit',
          expect: expectation,
          // vitest leaves one core alone, which on the two of a small machine doubles the time. Nothing else runs meanwhile.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          include: ['test/**/*.test.ts'],
          exclude: ['test/{conformance,e2e,chaos}/**', 'test/console/*.browser.test.ts'],
          // Most take milliseconds; on a busy machine vitest's own 5 s are too few for some.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'conformance',
          expect: expectation,
          // Most of them wait for processes and deadlines: two files at a time.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'console',
          expect: expectation,
          include: ['test/console/*.browser.test.ts'],
          // The files share what they import: the service's modules are read once for all of them.
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          expect: expectation,
          maxConcurrency: 3,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

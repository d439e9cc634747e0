import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** One part of a long task. If it is run again after an interruption, it must continue or start again. */
export type Step = { name: string; run(): Promise<void> };

/** Runs the steps in order. The names of finished ones are kept in a file, one per line, and are not run again. */
export async function runSteps(
  steps: readonly Step[],
  options: { log: string; tell(message: string): void },
): Promise<void> {
  await mkdir(dirname(options.log), { recursive: true });
  const done = new Set((await readFile(options.log, 'utf8').catch(() => '')).split('\n'));
  for (const [index, { name, run }] of steps.entries()) {
    const place = `${index + 1} of ${steps.length}, ${name}`;
    if (done.has(name)) {
      options.tell(`${place}: done earlier`);
      continue;
    }
    options.tell(place);
    await run();
    await appendFile(options.log, `${name}\n`);
  }
}

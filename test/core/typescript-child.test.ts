import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { bundleEntry, prepareTypescriptChild } from '../../src/core/typescript-child.ts';

const folder = mkdtempSync(join(tmpdir(), 'typescript-child-'));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
afterAll(() => rmSync(folder, { recursive: true }));

/** Two modules: what the child says is of the second, which sees its own address and fails in its sixth line. */
function write(name: string, extra = ''): string {
  const told = join(folder, `${name}-told.ts`);
  writeFileSync(
    told,
    `type Told = { address: string; word: string | undefined; stack?: string };
export function told(): Told {
  const address: string = import.meta.url;
  const word = process.argv[2];
  const { stack } =
    new Error('here');
  return { address, word, stack };
}
`,
  );
  const entry = join(folder, `${name}.ts`);
  writeFileSync(
    entry,
    `import { told } from './${name}-told.ts';\n${extra}\nprocess.on('disconnect', () => process.exit(0));\nprocess.send?.(told());\n`,
  );
  return entry;
}

async function run(entry: string) {
  const warnings: string[] = [];
  const child = await prepareTypescriptChild({
    entry: pathToFileURL(entry),
    args: ['a word'],
    warn: (reason) => warnings.push(reason),
  });
  const tell = async () => {
    const forked = child.fork();
    const [told] = await once(forked, 'message');
    forked.disconnect();
    await once(forked, 'exit');
    return told;
  };
  const told = await tell();
  // The first was there already, each further one begins from nothing.
  expect(await tell()).toEqual(told);
  return { told, stack: child.locate(told.stack), warnings };
}

describe('a TypeScript child', { timeout: 60_000 }, () => {
  it('runs a bundle: each module knows its own address, a stack leads to the sources', async () => {
    const entry = write('bundled');
    const { told, stack, warnings } = await run(entry);
    const source = join(folder, 'bundled-told.ts');
    expect(told).toMatchObject({ word: 'a word', address: pathToFileURL(source).href });
    expect(told.stack).toContain('[eval1]');
    expect(stack).toContain(`at told (${source}:6:`);
    expect(stack).toContain(`${entry}:4:`);
    expect(warnings).toEqual([]);
  });

  it('loads its sources itself, after one warning, where it cannot be bundled', async () => {
    const entry = write('loaded', "if (process.argv[2] === 'never') import('./no-such-file.ts');");
    const { told, stack, warnings } = await run(entry);
    expect(told.word).toBe('a word');
    expect(stack).toContain(join(folder, 'loaded-told.ts:6:'));
    expect(warnings).toEqual([expect.stringContaining('no-such-file')]);
  });

  it('is bundled by several callers at once', async () => {
    const entry = pathToFileURL(write('shared'));
    const [first, ...rest] = await Promise.all([bundleEntry(entry), bundleEntry(entry), bundleEntry(entry)]);
    for (const bundle of rest) expect(bundle).toEqual(first);
  });
});

describe('the inference process', () => {
  it('loads transformers.js only when it is needed', async () => {
    const { code } = await bundleEntry(new URL('../../workers/inference.ts', import.meta.url));
    expect(code).toMatch(/ import\("file:[^"]*\/@huggingface\/transformers\//);
    expect(code).not.toMatch(/^import .*@huggingface\/transformers\//m);
    // Of this repository nothing is left outside.
    expect(code).not.toMatch(/from "file:(?!.*\/node_modules\/)/);
  });
});

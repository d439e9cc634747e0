import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { compiled } from '../../src/core/compiled.mjs';
import { prepareTypescriptChild } from '../../src/core/typescript-child.ts';

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

describe('a TypeScript child', { timeout: 60_000 }, () => {
  it('runs compiled: each module knows its own address, a stack leads to the sources', async () => {
    const entry = write('child');
    const child = await prepareTypescriptChild({ entry: pathToFileURL(entry), args: ['a word'] });
    const forked = child.fork();
    const [told] = await once(forked, 'message');
    forked.disconnect();
    await once(forked, 'exit');
    const source = join(folder, 'child-told.ts');
    expect(told).toMatchObject({ word: 'a word', address: pathToFileURL(source).href });
    const stack = child.locate(told.stack);
    expect(stack).toContain(`at told (${pathToFileURL(source).href}:6:`);
    expect(stack).toContain(`${pathToFileURL(entry).href}:4:`);
  });

  it('compiles and runs another one in turn', async () => {
    const inner = write('inner');
    const outer = join(folder, 'outer.ts');
    const compiler = fileURLToPath(new URL('../../src/core/compiled.mjs', import.meta.url));
    writeFileSync(
      outer,
      `import { compiled } from ${JSON.stringify(compiler)};\nimport(String(await compiled(new URL(${JSON.stringify(pathToFileURL(inner).href)}))));\n`,
    );
    const forked = (await prepareTypescriptChild({ entry: pathToFileURL(outer), args: [] })).fork();
    const [told] = await Promise.race([once(forked, 'message'), once(forked, 'exit')]);
    forked.disconnect();
    expect(told).toMatchObject({ address: pathToFileURL(join(folder, 'inner-told.ts')).href });
  });

  it('takes what it starts from the state that it runs from, although the sources have changed', async () => {
    const starter = join(folder, 'starter.ts');
    const compiler = fileURLToPath(new URL('../../src/core/compiled.mjs', import.meta.url));
    const source = `import { compiled } from ${JSON.stringify(compiler)};\nprocess.on('disconnect', () => process.exit(0));\nprocess.send?.({ runs: process.argv[1], starts: (await compiled(new URL(${JSON.stringify(pathToFileURL(starter).href)}))).pathname });\n`;
    writeFileSync(starter, source);
    const child = await prepareTypescriptChild({ entry: pathToFileURL(starter), args: [] });
    writeFileSync(starter, `${source}// changed\n`);
    const forked = child.fork();
    const [told] = await once(forked, 'message');
    forked.disconnect();
    expect(told.starts).toBe(told.runs);
  });
});

describe('compiled sources', { timeout: 60_000 }, () => {
  it('say what is wrong with them, and are compiled again when it is mended', async () => {
    const entry = write('mended', "import './missing.ts';");
    await expect(compiled(pathToFileURL(entry))).rejects.toThrow(
      /mended\.ts:2:\d+: ERROR: Could not resolve "\.\/missing\.ts"/,
    );
    writeFileSync(join(folder, 'missing.ts'), 'export {};\n');
    expect(existsSync(await compiled(pathToFileURL(entry)))).toBe(true);
  });

  it('are compiled once for several that ask at once, and again after a change', async () => {
    const entry = write('shared');
    const asked = await Promise.all([entry, entry].map((path) => compiled(pathToFileURL(path))));
    expect(asked[0]).toEqual(asked[1]);
    writeFileSync(join(folder, 'shared-told.ts'), "export const told = () => 'something else';\n");
    expect(await compiled(pathToFileURL(entry))).not.toEqual(asked[0]);
  });

  it('of the inference process load transformers.js only when it is needed', async () => {
    const all: string[] = [];
    const read = async (address: URL) => {
      if (all.includes(address.href)) return;
      all.push(address.href);
      const code = await readFile(address, 'utf8');
      expect(code).not.toMatch(/^(import|\} from) .*transformers/m);
      for (const [, piece = ''] of code.matchAll(/^(?:import|\}) .*"(\.\/[^"]+)"/gm))
        await read(new URL(piece, address));
    };
    await read(await compiled('workers/inference.ts'));
    expect(all.length).toBeGreaterThan(2);
    const folderOfAll = fileURLToPath(new URL('.', all[0]));
    const pieces = await Promise.all(
      readdirSync(folderOfAll)
        .filter((name) => name.endsWith('.mjs'))
        .map((name) => readFile(join(folderOfAll, name), 'utf8')),
    );
    expect(pieces.some((code) => /import\("@huggingface\/transformers"\)/.test(code))).toBe(true);
  });
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blocks, pages, root } from './markdown.ts';

/** Ignored by git, and within the project, so that packages are found from there. */
const folder = join(root, '.cache', `docs-examples-${process.pid}`);
const examples = new Map(
  pages()
    .flatMap((page) => blocks(page, 'ts'))
    .flatMap((code) => {
      const path = /^\/\/ (\S+\.ts)$/m.exec(code)?.[1];
      return path === undefined ? [] : [[path, code] as const];
    }),
);
for (const [path, code] of examples) {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    code.replaceAll(/(?<=from ')\.[^']+(?=')/g, (to) => imported(path, file, to)),
  );
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file beside the example where the page has it, else the real one. */
function imported(path: string, file: string, to: string): string {
  const target = relative(root, resolve(root, dirname(path), to));
  const from = relative(dirname(file), join(examples.has(target) ? folder : root, target));
  return from.startsWith('.') ? from : `./${from}`;
}

const load = (path: string) => import(/* @vite-ignore */ join(folder, path));
const run = { services: {}, signal: new AbortController().signal };

describe('the examples of the docs run', () => {
  it('a check of the answer', async () => {
    const { decimals } = await load('src/checks/decimals.ts');
    const judge = (answer: string) =>
      decimals.run({ question: '', conversation: '', thought: '', answer }, { ...run, options: { most: 1 } });
    expect(await judge('The answer is 2.5.')).toMatchObject({ verdict: 'pass' });
    expect(await judge('The answer is 2.55.')).toMatchObject({ verdict: 'fail', wrong: '2.55' });
    expect(await judge('Perhaps.')).toMatchObject({ verdict: 'abstain' });
  });

  it('a check of a line', async () => {
    const { squares } = await load('src/checks/squares.ts');
    const judge = (thought: string) =>
      squares.run({ question: '', conversation: '', thought, answer: '' }, { ...run, options: {} });
    expect(await judge('7² = 49')).toMatchObject({ verdict: 'pass', held: [0] });
    expect(await judge('I square.\n7² = 50')).toMatchObject({ verdict: 'fail', line: 1, wrong: '50' });
  });

  it('a family', async () => {
    const { acme } = await load('src/models/families/acme.ts');
    expect(acme.matches({ modelType: 'llama', id: 'acme', chatTemplate: '<reasoning>' })).toBe(true);
    expect(acme.handOver).not.toContain(acme.tags.close);
  });
});

await load('test/reasoning/strategies/panel.test.ts');

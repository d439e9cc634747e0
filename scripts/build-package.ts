import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { manPage } from '../src/cli/man-page.ts';
import { createProgram } from '../src/cli/program.ts';
import { createTerminal } from '../src/cli/terminal.ts';
import { compile, entries, packedFolder } from '../src/core/compiled.mjs';
import { buildConsole } from '../src/entry/http/open-console.ts';
import { bundleTransformers } from './bundle-transformers.ts';

/**
 * `prepack`: what the package and the image carry built, since the packages that build it stay behind. `--remove`, after
 * packing: a checkout imports transformers.js itself.
 */
const folder = fileURLToPath(new URL('../packed', import.meta.url));
const { values } = parseArgs({ options: { remove: { type: 'boolean' } } });
await rm(folder, { recursive: true, force: true });
if (!values.remove) {
  await bundleTransformers(folder);
  await compile(entries, packedFolder);
  await buildConsole();
  const program = createProgram(createTerminal({ colour: false, variables: {} }));
  await writeFile(join(folder, 'thinkfirst.1'), manPage(program));
}

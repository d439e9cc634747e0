import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildConsole } from '../src/entry/open-console.ts';
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
  await buildConsole();
}

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** What src/ uses of transformers.js. */
const used = [
  'AutoModelForCausalLM',
  'DynamicCache',
  'LogitsProcessor',
  'LogitsProcessorList',
  'StoppingCriteria',
  'Tensor',
] satisfies ReadonlyArray<keyof typeof import('@huggingface/transformers')>;

/** Writes `transformers.mjs` and its licences into a folder: transformers.js as far as it is used, for Node alone. */
export async function bundleTransformers(folder: string): Promise<void> {
  await build({
    stdin: {
      contents: `export { ${used.join(', ')} } from '@huggingface/transformers';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    tsconfigRaw: {},
    // It holds the tokenizers and templates already.
    external: ['onnxruntime-common', 'onnxruntime-node'],
    legalComments: 'linked',
    logLevel: 'silent',
    outfile: join(folder, 'transformers.mjs'),
    plugins: [withoutSharp],
  });
}

/** It decodes images, and transformers.js doesn't load without it; the models here read text. */
const absentSharp = "export default () => { throw new Error('sharp is not part of this package'); };";

const withoutSharp: Plugin = {
  name: 'without sharp',
  setup(build) {
    build.onResolve({ filter: /^sharp$/ }, () => ({ path: 'sharp', namespace: 'absent' }));
    build.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: absentSharp }));
  },
};

// Before a packed Thinkfirst is installed: onnxruntime-node's install step would fetch hundreds of megabytes for CUDA, which
// nothing here uses, and fail the whole installation where nuget.org can't be reached. In a checkout .npmrc says so; a
// tarball takes none along. The step still runs where it is asked for (ONNXRUNTIME_NODE_INSTALL, --onnxruntime-node-install).
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const guard =
  'if (!process.env.ONNXRUNTIME_NODE_INSTALL && !process.env.npm_config_onnxruntime_node_install) process.exit(0); // thinkfirst\n';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const project = process.env.npm_config_local_prefix;

if (project !== undefined && project !== root && !asksForItself(project)) {
  try {
    const file = join(
      dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')),
      'script/install.js',
    );
    const script = readFileSync(file, 'utf8');
    if (!script.startsWith(guard)) writeFileSync(file, guard + script);
  } catch {
    // Not there, or another version of it: it then does what it does.
  }
}

/** A project that has onnxruntime for purposes of its own may want what it fetches. */
function asksForItself(folder) {
  try {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return 'onnxruntime-node' in dependencies;
  } catch {
    return false;
  }
}

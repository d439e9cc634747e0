// Runs before any package's own install step, in a checkout (scripts/before-install) and where a packed Thinkfirst is installed.
// onnxruntime-node's step would download hundreds of megabytes for CUDA, which nothing here uses, and fail the whole
// installation where nuget.org can't be reached; it still runs where it is asked for (ONNXRUNTIME_NODE_INSTALL,
// --onnxruntime-node-install). A packed Thinkfirst also drops that package's libraries for other systems (240 MB).
// npm 12 runs no install step that the project hasn't approved: then neither step runs, and all libraries stay.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const guard =
  'if (!process.env.ONNXRUNTIME_NODE_INSTALL && !process.env.npm_config_onnxruntime_node_install) process.exit(0); // thinkfirst\n';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const project = process.env.npm_config_local_prefix;

if (project !== undefined && (project === root || !asksForItself(project))) {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
    skipDownload(join(folder, 'script/install.js'));
    if (project !== root) dropOtherSystems(join(folder, 'bin/napi-v6'));
  } catch {
    // Not there, or another version of it: it then does what it does.
  }
}

/** A project that has onnxruntime for purposes of its own may want all of it. */
function asksForItself(folder) {
  try {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return 'onnxruntime-node' in dependencies;
  } catch {
    return false;
  }
}

function skipDownload(file) {
  const script = readFileSync(file, 'utf8');
  if (!script.startsWith(guard)) writeFileSync(file, guard + script);
}

/** `--os` and `--cpu` install for another machine. */
function dropOtherSystems(folder) {
  const system = process.env.npm_config_os || process.platform;
  const processor = process.env.npm_config_cpu || process.arch;
  const kept = join(system, processor);
  const all = readdirSync(folder).flatMap((os) => readdirSync(join(folder, os)).map((cpu) => join(os, cpu)));
  if (!all.includes(kept)) return;
  for (const other of all) if (other !== kept) rmSync(join(folder, other), { recursive: true });
}

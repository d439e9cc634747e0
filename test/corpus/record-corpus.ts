import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../../src/entry/start-service.ts';
import { askEveryOperation } from './every-operation.ts';
import { flows, keys } from './flows.ts';
import { createWire } from './wire.ts';

export type CorpusOptions = {
  /** Which model answers: the scripted one or the embedded one. */
  kind: 'scripted' | 'real';
  /** New: one file a request below it, and `openapi.json` and `metrics.txt`. */
  folder: string;
  /** Names of flows; default: all, and each operation of the document. */
  only?: readonly string[];
};

/**
 * Starts the whole service on a folder of its own and asks it the corpus, each request after the answer to the one before.
 * What two runs have to differ in is made alike, so that `diff -r` of two folders shows what changed outside.
 * @returns how many requests were written down
 */
export async function recordCorpus({ kind, folder, only }: CorpusOptions): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'thinkfirst-corpus-'));
  const service = await startService({
    api: true,
    worker: true,
    variables: { PORT: '0', METRICS_PORT: '0', THINKFIRST_DATA: data, THINKFIRST_LOG_LEVEL: 'silent', HOME: data },
    ...(kind === 'scripted' && { inferenceEntry: new URL('./corpus-inference.ts', import.meta.url) }),
    page: false,
    announce: () => undefined,
  });
  try {
    const url = service.url ?? '';
    const wire = createWire({ url, folder, texts: { [data]: '<data>' } });
    const models = await wire.send('models', 'GET /v1/models');
    const model: string = models.data[0].id;
    for (const [name, flow] of Object.entries(flows)) {
      if (only?.includes(name) ?? true) await flow(wire, { model, scripted: kind === 'scripted' });
    }
    const document = await (await fetch(`${url}/openapi.json`)).json();
    await wire.write('openapi.json', `${JSON.stringify(document, null, 1)}\n`);
    // Which model answers plays no part there.
    if (only === undefined && kind === 'scripted') await askEveryOperation(wire, { document, model });
    const metrics = metricNames(await (await fetch(`${url}/metrics`)).text());
    await wire.write('metrics', metrics);
    if (only === undefined) await keys(wire, { model, scripted: kind === 'scripted' });
    return wire.count();
  } finally {
    await service.close({ graceMs: 0 });
    await rm(data, { recursive: true, force: true });
  }
}

/** Names, types and labels of the service's own metrics, sorted; Node's differ with its version. */
function metricNames(text: string): string {
  const own = text.split('\n').filter((line) => !/^(# \w+ )?(nodejs|process)_/.test(line));
  const series = own.map((line) => {
    if (line.startsWith('#')) return line;
    return line.replace(/"[^"]*"/g, '""').replace(/ [^ ]*$/, '');
  });
  return `${[...new Set(series)].sort().join('\n')}\n`;
}

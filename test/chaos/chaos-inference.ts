/** An inference process whose models are scripted: forked by a worker in the place of workers/inference.ts. */
import { createInferenceHost, type InferenceHost } from '../../src/models/inference-host.ts';
import { ToInference } from '../../src/models/inference-protocol.ts';
import { createChaosModel } from './chaos-model.ts';

const ledger = process.env['CHAOS_LEDGER'] ?? '/dev/null';
const paceMs = Number(process.env['CHAOS_PACE_MS'] ?? 20);
let host: InferenceHost | undefined;

process.on('message', (raw) => {
  const message = ToInference.parse(raw);
  if (message.type === 'close') process.exit(0);
  if (message.type !== 'start') return host?.receive(message);
  const models = new Map(message.models.map(({ id }) => [id, createChaosModel({ id, ledger, paceMs })]));
  const send = (sent: object) => {
    if (process.connected) process.send?.(sent);
  };
  host = createInferenceHost({
    models,
    send,
    now: () => performance.now(),
    residentBytes: () => process.memoryUsage.rss(),
  });
  const summaries = [...models.values()].map(({ id, contextLength, capabilities }) => ({
    id,
    contextLength,
    capabilities,
  }));
  send({ type: 'ready', models: summaries, startMs: performance.now(), residentBytes: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit(0));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

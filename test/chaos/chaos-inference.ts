/** An inference process whose models are scripted: forked by a worker in the place of workers/inference.ts. */
import { serveScripted } from '../support/serve-scripted.ts';
import { createChaosModel } from './chaos-model.ts';

const ledger = process.env['CHAOS_LEDGER'] ?? '/dev/null';
const paceMs = Number(process.env['CHAOS_PACE_MS'] ?? 20);

serveScripted((id) => createChaosModel({ id, ledger, paceMs }));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

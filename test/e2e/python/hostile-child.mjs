/** Stands where the sandbox's own script does, and runs the cases of hostile-javascript.txt as they are. */
import * as child_process from 'node:child_process';
import cluster from 'node:cluster';
import dgram from 'node:dgram';
import dns from 'node:dns';
import fs from 'node:fs';
import inspector from 'node:inspector';
import net from 'node:net';
import os from 'node:os';
import v8 from 'node:v8';
import worker_threads from 'node:worker_threads';

const write = (text) => fs.writeSync(3, text);
const send = (frame) => write(`${JSON.stringify(frame)}\n`);

function readLine() {
  let text = '';
  const bytes = Buffer.alloc(65_536);
  while (!text.includes('\n')) text += bytes.toString('utf8', 0, fs.readSync(3, bytes));
  return JSON.parse(text);
}

fs.closeSync(4);
send({ type: 'ready' });
const { run, code } = readLine();
const say = (text) => send({ type: 'output', run, text: text.slice(0, 1_000) });
Object.assign(globalThis, { child_process, cluster, dgram, dns, fs, inspector, net, os, v8, worker_threads });
Object.assign(globalThis, { write, send, say, run });
process.on('uncaughtException', () => {});
let error = null;
try {
  await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
} catch (raised) {
  error = String(raised);
}
send({ type: 'ended', run, kind: error === null ? 'done' : 'error', error });
process.exit(0);

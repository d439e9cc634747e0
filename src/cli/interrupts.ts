import { exitCodes } from './cli-error.ts';

const handlers: Array<() => void> = [];
let listening = false;

/** Ctrl-C goes to `handler` until the returned function is called; without any, it ends the process. */
export function onInterrupt(handler: () => void): () => void {
  handlers.push(handler);
  return () => {
    handlers.splice(handlers.indexOf(handler), 1);
  };
}

/** Takes over Ctrl-C and a request to end, so that what this process has opened is cleared away. */
export function listenForInterrupts(): void {
  if (listening) return;
  listening = true;
  process.on('SIGINT', () => {
    const handler = handlers.at(-1);
    if (handler === undefined) process.exit(exitCodes.interrupted);
    handler();
  });
  // Without a listener these end the process at once, and what is cleared away at its exit stays.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(exitCodes.interrupted));
}

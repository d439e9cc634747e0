import type { ChildProcess } from 'node:child_process';
import { waitAtMost } from '../../../core/deadlines.ts';
import type { InferenceReport } from '../../../core/inference-report.ts';
import type { TypescriptChild } from '../../../core/typescript-child.ts';
import { type ModelSource, modelFault } from '../folder/model-files.ts';
import type { KvBits } from '../graph/session.ts';
import { createInferenceConnection, type InferenceConnection, processLost } from './inference-connection.ts';
import { FromInference, type ModelSummary, serviceError, type ToInference } from './inference-protocol.ts';

/** pino's shape, whose own `pid` is the parent's; nothing of a prompt or an answer is ever among the fields. */
type InferenceLog = Record<'info' | 'warn' | 'error', (fields: Record<string, unknown>, message: string) => void>;

export type InferenceChildOptions = {
  /** The module that the child runs: workers/inference.ts. */
  entry: URL;
  models: readonly ModelSource[];
  threads: number;
  kvMegabytes: number;
  kvBits: KvBits;
  /** False: GGUF models leave the graphics card alone. */
  gpu?: boolean;
  log: InferenceLog;
  /** Hears of the work of each process, and of its death. */
  observer?: InferenceObserver;
};

export type InferenceObserver = {
  report(report: InferenceReport): void;
  died(): void;
};

/** One inference process, from its spawn to its end. */
export type InferenceChild = {
  readonly pid: number | undefined;
  readonly connection: InferenceConnection;
  /** The models, once they are loaded. @throws ServiceError of the model that can't be, or `model_unavailable` if it dies before */
  readonly ready: Promise<readonly ModelSummary[]>;
  /** The model that it loads, or failed to load. */
  readonly loading: ModelSource | undefined;
  /** Resolves with what ended it. Never rejects. */
  readonly exited: Promise<string>;
  /** Asks it to end and kills it after `graceMs`. */
  close(graceMs: number): Promise<void>;
};

export function spawnInferenceChild(program: TypescriptChild, options: InferenceChildOptions): InferenceChild {
  const { log } = options;
  const child = program.fork();
  const connection = createInferenceConnection({
    send: (message) => send(child, message),
    onFailure: (detail) => log.error({ inferencePid: child.pid, detail: program.locate(detail) }, 'a model failed'),
  });
  let closing = false;
  let loading: ModelSource | undefined;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    child.once('error', (error) => resolve(`spawn failed: ${error.message}`));
  });
  const ready = new Promise<readonly ModelSummary[]>((resolve, reject) => {
    child.on('message', (raw) => {
      const parsed = FromInference.safeParse(raw);
      if (!parsed.success) {
        log.error(
          { inferencePid: child.pid, detail: parsed.error.message },
          'the inference process sent a message that is none',
        );
        child.kill('SIGKILL');
        return;
      }
      const message = parsed.data;
      switch (message.type) {
        case 'loading':
          loading = options.models.find(({ id }) => id === message.model);
          return;
        case 'ready':
          log.info(
            {
              inferencePid: child.pid,
              startMs: Math.round(message.startMs),
              residentMB: megabytes(message.residentBytes),
              models: message.models.map(({ id }) => id),
            },
            'inference process ready',
          );
          return resolve(message.models);
        case 'start-failed':
          if (message.error.detail !== undefined) {
            log.error({ detail: program.locate(message.error.detail) }, 'loading a model failed');
          }
          return reject(serviceError(message.error));
        case 'warning':
          return log.warn({ inferencePid: child.pid }, message.message);
        case 'stats':
          options.observer?.report(message);
          return log.info(
            {
              inferencePid: child.pid,
              tokens: message.tokens,
              tokensPerSecond: message.busyMs > 0 ? Math.round((message.tokens / message.busyMs) * 10_000) / 10 : null,
              residentMB: megabytes(message.residentBytes),
            },
            'inference',
          );
        default:
          return connection.receive(message);
      }
    });
    exited.then((how) => {
      connection.lost();
      reject(loading && !closing ? endedWhileLoading(loading, how) : processLost());
      if (closing) log.info({ inferencePid: child.pid, how }, 'inference process closed');
      else {
        options.observer?.died();
        log.warn({ inferencePid: child.pid, how }, 'inference process died');
      }
    });
  });
  ready.catch(() => {});
  const { models, threads, kvMegabytes, kvBits, gpu } = options;
  send(child, { type: 'start', models, threads, kvMegabytes, kvBits, ...(gpu !== undefined && { gpu }) });
  return {
    pid: child.pid,
    connection,
    ready,
    get loading() {
      return loading;
    },
    exited,
    async close(graceMs) {
      closing = true;
      send(child, { type: 'close' });
      if (!(await waitAtMost(exited, graceMs))) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A file that llama.cpp or onnxruntime could not bear. */
function endedWhileLoading({ path }: ModelSource, how: string): Error {
  return modelFault(path, `the inference process ended while it was loaded (${how}); the file is damaged or too large`);
}

/** A child that is on its way out takes no more messages; its exit says the rest. */
function send(child: ChildProcess, message: ToInference): void {
  if (child.connected) child.send(message, () => {});
}

const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000);

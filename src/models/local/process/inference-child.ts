import type { ChildProcess } from 'node:child_process';
import { waitAtMost } from '../../../core/deadlines.ts';
import type { InferenceReport } from '../../../core/inference-report.ts';
import type { TypescriptChild } from '../../../core/typescript-child.ts';
import { type ModelSource, modelFault } from '../folder/model-files.ts';
import type { KvBits } from '../graph/session.ts';
import { createInferenceConnection, type InferenceConnection, processLost } from './inference-connection.ts';
import { FromInference, type ModelSummary, serviceError, type ToInference } from './inference-protocol.ts';

/** The shape of a pino logger, whose own `pid` is the parent's; the fields never contain prompts or answers. */
type InferenceLog = Record<'info' | 'warn' | 'error', (fields: Record<string, unknown>, message: string) => void>;

export type InferenceChildOptions = {
  /** The module that the child runs: workers/inference.ts. */
  entry: URL;
  models: readonly ModelSource[];
  threads: number;
  kvMegabytes: number;
  kvBits: KvBits;
  /** False: GGUF models do not use the graphics card. */
  gpu?: boolean;
  log: InferenceLog;
  /** Notified of the work and the death of each process. */
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
  /** The loaded models. @throws ServiceError for a model that cannot be loaded, or `model_unavailable` if it dies before */
  readonly ready: Promise<readonly ModelSummary[]>;
  /** The model that is being loaded, or failed to load. */
  readonly loading: ModelSource | undefined;
  /** Resolves with what ended it. Never rejects. */
  readonly exited: Promise<string>;
  /** Asks the process to end and kills it after `graceMs`. */
  close(graceMs: number): Promise<void>;
};

export function spawnInferenceChild(program: TypescriptChild, options: InferenceChildOptions): InferenceChild {
  const { log, models, threads, kvMegabytes, kvBits, gpu } = options;
  const child = program.fork();
  const connection = createInferenceConnection({
    send: (message) => send(child, message),
    onFailure: (detail) => log.error({ inferencePid: child.pid, detail: program.locate(detail) }, 'a model failed'),
  });
  let closing = false;
  let loading: ModelSource | undefined;
  const exited = exitOf(child);
  const ready = new Promise<readonly ModelSummary[]>((resolve, reject) => {
    child.on('message', (raw) => {
      const onLoading = (id: string) => {
        loading = models.find((model) => model.id === id);
      };
      receive(raw, { child, program, options, connection, resolve, reject, onLoading });
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

/** A file that crashes llama.cpp or onnxruntime. */
function endedWhileLoading({ path }: ModelSource, how: string): Error {
  return modelFault(path, `the inference process ended while it was loaded (${how}); the file is damaged or too large`);
}

/** Resolves with what ended the process. */
function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
    child.once('error', (error) => resolve(`spawn failed: ${error.message}`));
  });
}

type Receiver = {
  child: ChildProcess;
  program: TypescriptChild;
  options: InferenceChildOptions;
  connection: InferenceConnection;
  /** The first start has succeeded, or failed. */
  resolve(models: readonly ModelSummary[]): void;
  reject(error: unknown): void;
  onLoading(model: string): void;
};

function receive(raw: unknown, receiver: Receiver): void {
  const { child, program, options, connection, resolve, reject } = receiver;
  const { log } = options;
  const parsed = FromInference.safeParse(raw);
  if (!parsed.success) {
    const fields = { inferencePid: child.pid, detail: parsed.error.message };
    log.error(fields, 'the inference process sent an invalid message');
    child.kill('SIGKILL');
    return;
  }
  const message = parsed.data;
  switch (message.type) {
    case 'loading':
      receiver.onLoading(message.model);
      break;
    case 'ready':
      log.info(readyFields(child, message), 'inference process ready');
      resolve(message.models);
      break;
    case 'start-failed':
      if (message.error.detail !== undefined) {
        log.error({ detail: program.locate(message.error.detail) }, 'loading a model failed');
      }
      reject(serviceError(message.error));
      break;
    case 'warning':
      log.warn({ inferencePid: child.pid }, message.message);
      break;
    case 'stats':
      options.observer?.report(message);
      log.info(statsFields(child, message), 'inference');
      break;
    default:
      connection.receive(message);
  }
}

function readyFields({ pid }: ChildProcess, message: Extract<FromInference, { type: 'ready' }>) {
  return {
    inferencePid: pid,
    startMs: Math.round(message.startMs),
    residentMB: megabytes(message.residentBytes),
    models: message.models.map(({ id }) => id),
  };
}

function statsFields({ pid }: ChildProcess, { tokens, busyMs, residentBytes }: InferenceReport) {
  return {
    inferencePid: pid,
    tokens,
    tokensPerSecond: busyMs > 0 ? Math.round((tokens / busyMs) * 10_000) / 10 : null,
    residentMB: megabytes(residentBytes),
  };
}

/** A child that is exiting receives no more messages. */
function send(child: ChildProcess, message: ToInference): void {
  if (child.connected) child.send(message, () => {});
}

const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000);

import type { Telemetry } from 'bullmq';

/** Names and counts only: never a prompt, a thought or an answer. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export type SpanStart = {
  name: string;
  kind: 'server' | 'client' | 'internal';
  attributes: SpanAttributes;
};

export type OpenSpan = {
  rename(name: string): void;
  add(attributes: SpanAttributes): void;
  /** `error` is a code or a class, never a message: messages may quote. */
  fail(error: string): void;
  end(): void;
};

/** Spans of one process, on their way to a collector. The span that is active where a call is made is the parent. */
export type Tracing = {
  /** Runs `work` with the span active. `carrier`: headers in which a caller may name the parent (W3C Trace Context). */
  within<T>(
    start: SpanStart & { carrier?: Readonly<Record<string, string>> },
    work: (span: OpenSpan) => Promise<T>,
  ): Promise<T>;
  /** A span that isn't made active. */
  begin(start: SpanStart): OpenSpan;
  /** A span that is over. Epoch ms. */
  record(span: SpanStart & { startedAt: number; endedAt: number }): void;
  /** BullMQ's own spans, which carry the trace from the API through the job to the worker. */
  bullmq: Telemetry;
  /** Sends what is left. */
  close(): Promise<void>;
};

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
  /** `error` is a code or a class, never a message, because messages may quote text. */
  fail(error: string): void;
  end(): void;
};

/** Spans of one process, sent to a collector. The span that is active during a call is the parent. */
export type Tracing = {
  /** Runs `work` with the span active. `carrier`: headers in which a caller may name the parent (W3C Trace Context). */
  within<T>(
    start: SpanStart & { carrier?: Readonly<Record<string, string>> },
    work: (span: OpenSpan) => Promise<T>,
  ): Promise<T>;
  /** Starts a span without making it active. */
  begin(start: SpanStart): OpenSpan;
  /** Records a span that is over. Epoch ms. */
  record(span: SpanStart & { startedAt: number; endedAt: number }): void;
  /** BullMQ's own spans, which carry the trace from the API through the job to the worker. */
  bullmq: Telemetry;
  /** Sends the remaining spans. */
  close(): Promise<void>;
};

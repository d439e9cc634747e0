import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

/** What BullMQ does all the time, with or without a job: a span of these every few seconds would bury the others. */
const housekeeping =
  /^(getNextJob|extendLocks|startStalledCheckTimer|moveStalledJobsToWait|updateJobProgress|close|pause|resume)\b/;

/** Names of attributes that may leave this process; anything else could quote a prompt, a thought or an answer. */
const spoken =
  /^(gen_ai\.(operation\.name|provider\.name|conversation\.id|request\.[\w.]+|response\.(model|finish_reasons)|usage\.[\w.]+)|http\.[\w.]+|url\.(path|scheme)|error\.type|thinkfirst\.[\w.]+|bullmq\.(queue\.name|queue\.operation|job\.name|job\.id|job\.attempts\.made|worker\.name|worker\.id))$/;

/** Hands on the spans of requests, jobs, steps and model calls, with the attributes and events that hold no text of anyone's. */
export function quietExporter(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.filter(({ name }) => !housekeeping.test(name)).map(quiet), done),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** A view of the span: its own fields are kept behind its prototype. */
function quiet(span: ReadableSpan): ReadableSpan {
  return Object.create(span, {
    attributes: { value: Object.fromEntries(Object.entries(span.attributes).filter(([name]) => spoken.test(name))) },
    events: { value: span.events.map(({ name, time }) => ({ name, time })) },
    status: { value: { code: span.status.code } },
  });
}

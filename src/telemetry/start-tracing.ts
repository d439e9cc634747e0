import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { BullMQOtel } from 'bullmq-otel';
import type { OpenSpan, SpanAttributes, SpanStart, Tracing } from './tracing.ts';

/** Commands that BullMQ runs every few seconds, with or without jobs: their spans would bury the others. */
const housekeeping =
  /^(getNextJob|extendLocks|startStalledCheckTimer|moveStalledJobsToWait|updateJobProgress|close|pause|resume)\b/;

/** Names of attributes that may leave this process; any other could quote a prompt, a thought or an answer. */
const spoken =
  /^(gen_ai\.(operation\.name|provider\.name|conversation\.id|request\.[\w.]+|response\.(model|finish_reasons)|usage\.[\w.]+)|http\.[\w.]+|url\.(path|scheme)|error\.type|thinkfirst\.[\w.]+|bullmq\.(queue\.name|queue\.operation|job\.name|job\.id|job\.attempts\.made|worker\.name|worker\.id))$/;

/**
 * Passes on the spans of requests, jobs, steps and model calls, with only those attributes and events that contain
 * nobody's text.
 */
function quietExporter(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.filter(({ name }) => !housekeeping.test(name)).map(quiet), done),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** A view of the span that overrides some fields; the others come from its prototype. */
function quiet(span: ReadableSpan): ReadableSpan {
  return Object.create(span, {
    attributes: { value: Object.fromEntries(Object.entries(span.attributes).filter(([name]) => spoken.test(name))) },
    events: { value: span.events.map(({ name, time }) => ({ name, time })) },
    status: { value: { code: span.status.code } },
  });
}

export type TracingOptions = {
  /** OTLP over HTTP; `/v1/traces` is added. */
  endpoint: string;
  /** `service.name`, if neither OTEL_SERVICE_NAME nor OTEL_RESOURCE_ATTRIBUTES gives one. */
  service: string;
  /** The share of traces that start here to keep, 0 to 1. */
  ratio: number;
};

/**
 * Sends traces with OTLP over HTTP (JSON). Loaded only if tracing is on, so that it costs nothing otherwise. The
 * exporter and the resource read OpenTelemetry's own variables (headers, timeouts, resource attributes).
 */
export function startTracing({ endpoint, service, ratio }: TracingOptions): Tracing {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': service }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: quietExporter(new OTLPTraceExporter({ url })) })],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const tracer = provider.getTracer('thinkfirst');
  const start = ({ name, kind, attributes }: SpanStart, at: Context, startTime?: number): Span =>
    tracer.startSpan(
      name,
      { kind: kinds[kind], attributes: defined(attributes), ...(startTime === undefined ? {} : { startTime }) },
      at,
    );
  return {
    within({ carrier, ...begun }, work) {
      // Only headers that a caller sends can name an external parent.
      const at = carrier === undefined ? context.active() : propagation.extract(ROOT_CONTEXT, carrier);
      const span = start(begun, at);
      return context.with(trace.setSpan(at, span), async () => {
        try {
          return await work(openSpan(span));
        } catch (error) {
          openSpan(span).fail(error instanceof Error ? error.name : 'error');
          throw error;
        } finally {
          span.end();
        }
      });
    },
    begin: (begun) => openSpan(start(begun, context.active())),
    record({ startedAt, endedAt, ...begun }) {
      start(begun, context.active(), startedAt).end(endedAt);
    },
    bullmq: new BullMQOtel({ tracerName: 'bullmq' }),
    async close() {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };

function openSpan(span: Span): OpenSpan {
  return {
    rename: (name) => void span.updateName(name),
    add: (attributes) => void span.setAttributes(defined(attributes)),
    fail(error) {
      span.setAttribute('error.type', error);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: () => span.end(),
  };
}

function defined(attributes: SpanAttributes): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? [...value] : value]],
    ),
  );
}

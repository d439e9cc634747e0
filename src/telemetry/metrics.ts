import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { PhaseTokens } from '../contracts/responses/usage.ts';
import { type InferenceMetrics, inferenceMetrics } from './inference-metrics.ts';

/**
 * Limits a label's values: the first `most` different values are kept, any further one becomes `other`. Each value of a
 * label is a separate series in Prometheus, forever.
 */
function boundedLabel(most: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= most) return 'other';
    seen.add(value);
    return value;
  };
}

/** Seconds: from the first token of a fast answer to minutes of thinking. */
const longSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];
const httpSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const tokenCounts = [0, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/**
 * The counts of one process, for Prometheus. No label or value contains any part of a prompt, a thought or an answer.
 */
export type Metrics = {
  httpAnswered(request: { method: string; route: string; status: number; seconds: number }): void;
  /** From acceptance to the start of the first attempt. */
  waited(job: { tier: string; seconds: number }): void;
  /** From acceptance to the first token of the answer that a client could read. */
  firstToken(response: { effort: string; seconds: number }): void;
  checked(check: { name: string; verdict: string }): void;
  /** A worker of this process wrote a terminal line. */
  responseEnded(response: EndedResponse): void;
  /** How an attempt ended: `ended`, or why it was cut short. */
  attemptEnded(outcome: string): void;
  modelCalled(call: { model: string; operation: string; outcome: string; seconds: number }): void;
  /** A call of a tool that the service runs itself. */
  toolCalled(call: { tool: string; outcome: 'ok' | 'error'; seconds: number }): void;
  inference: InferenceMetrics;
  /** Called at each scrape before the answer; an error leaves its values out of the answer. */
  onScrape(collect: (gauges: ScrapeGauges) => Promise<void>): void;
  /** In Prometheus's text format. */
  text(): Promise<string>;
  readonly contentType: string;
};

type EndedResponse = {
  model: string;
  effort: string;
  status: string;
  /** Null if it did not think, absent if unknown. */
  thinkingStop?: string | null;
  /** From acceptance. */
  seconds: number;
  phases?: PhaseTokens;
  inputTokens?: number;
};

type ScrapeGauges = { queueJobs(queue: string, state: string, jobs: number): void };

export function createMetrics(): Metrics {
  const registry = new Registry();
  // This includes the event loop's lag.
  collectDefaultMetrics({ register: registry });
  return {
    ...requestMetrics(registry),
    ...responseMetrics(registry),
    ...callMetrics(registry),
    ...queueMetrics(registry),
    inference: inferenceMetrics(registry),
    contentType: registry.contentType,
  };
}

const name = (short: string) => `thinkfirst_${short}`;

function counter<T extends string>(registry: Registry, short: string, help: string, labelNames: T[]) {
  return new Counter({ name: name(short), help, labelNames, registers: [registry] });
}

function histogram<T extends string>(
  registry: Registry,
  short: string,
  { help, buckets, labels }: { help: string; buckets: number[]; labels: T[] },
) {
  return new Histogram({ name: name(short), help, buckets, labelNames: labels, registers: [registry] });
}

function requestMetrics(registry: Registry): Pick<Metrics, 'httpAnswered' | 'waited' | 'firstToken'> {
  const http = histogram(registry, 'http_request_duration_seconds', {
    help: 'From a request to the head of its answer, by route pattern.',
    buckets: httpSeconds,
    labels: ['method', 'route', 'status'],
  });
  const wait = histogram(registry, 'queue_wait_seconds', {
    help: 'From acceptance to the first attempt.',
    buckets: longSeconds,
    labels: ['tier'],
  });
  const firstToken = histogram(registry, 'time_to_first_token_seconds', {
    help: 'From acceptance to the first readable token of the answer.',
    buckets: longSeconds,
    labels: ['effort'],
  });
  const methods = boundedLabel(12);
  return {
    httpAnswered({ method, route, status, seconds }) {
      http.observe({ method: methods(method), route, status: String(status) }, seconds);
    },
    waited: ({ tier, seconds }) => wait.observe({ tier }, seconds),
    firstToken: ({ effort, seconds }) => firstToken.observe({ effort }, seconds),
  };
}

/** What ended responses cost and how their attempts ended. */
function responseMetrics(registry: Registry): Pick<Metrics, 'responseEnded' | 'attemptEnded'> {
  const labels = ['effort'];
  const duration = histogram(registry, 'response_duration_seconds', {
    help: 'From acceptance to the end.',
    buckets: longSeconds,
    labels,
  });
  const responses = counter(registry, 'responses_total', 'Responses that ended here.', ['model', 'effort', 'status']);
  const thinking = histogram(registry, 'response_thinking_tokens', {
    help: 'Tokens thought for one response.',
    buckets: tokenCounts,
    labels,
  });
  const answer = histogram(registry, 'response_answer_tokens', {
    help: 'Visible tokens of one response.',
    buckets: tokenCounts,
    labels,
  });
  const tokensHelp = 'Tokens by phase; `input` was read, the others were decoded.';
  const tokens = counter(registry, 'tokens_total', tokensHelp, ['effort', 'phase']);
  const stops = counter(registry, 'thinking_stops_total', 'Why thinking ended.', ['effort', 'reason']);
  const attempts = counter(registry, 'attempts_total', 'Attempts by how they ended.', ['outcome']);
  const models = boundedLabel(100);
  return {
    responseEnded({ model, effort, status, thinkingStop, seconds, phases, inputTokens }) {
      responses.inc({ model: models(model), effort, status });
      duration.observe({ effort }, seconds);
      if (thinkingStop !== undefined) stops.inc({ effort, reason: thinkingStop ?? 'none' });
      if (phases === undefined) return;
      thinking.observe({ effort }, phases.think + phases.revise);
      answer.observe({ effort }, phases.answer);
      for (const [phase, count] of Object.entries({ ...phases, input: inputTokens ?? 0 })) {
        tokens.inc({ effort, phase }, count);
      }
    },
    attemptEnded: (outcome) => attempts.inc({ outcome }),
  };
}

/** What responses call: checks, models, tools. */
function callMetrics(registry: Registry): Pick<Metrics, 'checked' | 'modelCalled' | 'toolCalled'> {
  const checks = counter(registry, 'checks_total', 'Verdicts of checks.', ['check', 'verdict']);
  const calls = histogram(registry, 'model_call_duration_seconds', {
    help: 'Calls of models, whole.',
    buckets: longSeconds,
    labels: ['model', 'operation', 'outcome'],
  });
  const toolCalls = histogram(registry, 'tool_call_duration_seconds', {
    help: 'Calls of tools that the service runs.',
    buckets: longSeconds,
    labels: ['tool', 'outcome'],
  });
  const [checkNames, models, tools] = [boundedLabel(100), boundedLabel(100), boundedLabel(100)];
  return {
    checked: ({ name: check, verdict }) => checks.inc({ check: checkNames(check), verdict }),
    modelCalled: ({ model, operation, outcome, seconds }) =>
      calls.observe({ model: models(model), operation, outcome }, seconds),
    toolCalled: ({ tool, outcome, seconds }) => toolCalls.observe({ tool: tools(tool), outcome }, seconds),
  };
}

/** The queue's state, read at each scrape. */
function queueMetrics(registry: Registry): Pick<Metrics, 'onScrape' | 'text'> {
  const registers = [registry];
  const queueJobs = new Gauge({
    name: name('queue_jobs'),
    help: 'Jobs in the queue by state, over all processes.',
    labelNames: ['queue', 'state'],
    registers,
  });
  const backendUp = new Gauge({ name: name('backend_up'), help: '1 while the queue answers.', registers });
  let collectors: Array<(gauges: ScrapeGauges) => Promise<void>> = [];
  return {
    onScrape(collect) {
      collectors = [...collectors, collect];
    },
    async text() {
      queueJobs.reset();
      const gauges: ScrapeGauges = { queueJobs: (queue, state, jobs) => queueJobs.set({ queue, state }, jobs) };
      const collected = await Promise.allSettled(collectors.map((collect) => collect(gauges)));
      if (collectors.length > 0) backendUp.set(collected.every(({ status }) => status === 'fulfilled') ? 1 : 0);
      return registry.metrics();
    },
  };
}

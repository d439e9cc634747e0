import { ServiceError } from '../contracts/service/service-error.ts';
import type { GenerateRequest, LanguageModel, ModelEvent } from '../core/language-model.ts';
import type { Metrics } from './metrics.ts';
import type { SpanAttributes, Tracing } from './tracing.ts';

/**
 * Wraps a model so that its calls are counted and recorded as spans following OpenTelemetry's GenAI conventions
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/): names and counts, never text.
 */
export function observeModel(model: LanguageModel, observers: Observers): LanguageModel {
  return {
    ...model,
    async *generate(request, options) {
      const call = observeCall(model, { operation: 'chat', attributes: requestAttributes(request) }, observers);
      const seen = createTally();
      let outcome = 'left';
      try {
        for await (const event of model.generate(request, options)) {
          seen.take(event);
          yield event;
        }
        outcome = 'ok';
      } catch (error) {
        outcome = call.failed(error, options.signal);
        throw error;
      } finally {
        call.end(outcome, {
          ...seen.attributes(),
          'gen_ai.response.model': model.id,
          'thinkfirst.outcome': outcome,
        });
      }
    },
    async score(request, options) {
      const attributes = { 'thinkfirst.continuations': request.continuations.length };
      const call = observeCall(model, { operation: 'score', attributes }, observers);
      try {
        const result = await model.score(request, options);
        call.end('ok', { 'gen_ai.usage.input_tokens': result.usage.inputTokens });
        return result;
      } catch (error) {
        call.end(call.failed(error, options.signal));
        throw error;
      }
    },
  };
}

type Observers = { metrics: Metrics; tracing: Tracing | undefined; provider: string };

/** Times one call and opens its span. */
function observeCall(
  model: LanguageModel,
  { operation, attributes }: { operation: string; attributes: SpanAttributes },
  { metrics, tracing, provider }: Observers,
) {
  // Not made active, because a generator's body runs in the context of each of its reader's turns.
  const span = tracing?.begin({
    name: `${operation} ${model.id}`,
    kind: 'client',
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': provider,
      'gen_ai.request.model': model.id,
      ...attributes,
    },
  });
  const startedAt = performance.now();
  return {
    /** The outcome of a call that threw; the span fails unless the call was aborted. */
    failed(error: unknown, signal: AbortSignal): string {
      const outcome = signal.aborted ? 'aborted' : errorCode(error);
      if (outcome !== 'aborted') span?.fail(outcome);
      return outcome;
    },
    end(outcome: string, results: SpanAttributes = {}): void {
      const seconds = (performance.now() - startedAt) / 1000;
      metrics.modelCalled({ model: model.id, operation, outcome, seconds });
      span?.add(results);
      span?.end();
    },
  };
}

function requestAttributes({ samples, sampling, answer, thinking }: GenerateRequest): SpanAttributes {
  return {
    'gen_ai.request.max_tokens': answer.maxTokens + (thinking?.budgetTokens ?? 0),
    'gen_ai.request.temperature': sampling.temperature,
    'gen_ai.request.top_p': sampling.topP,
    'gen_ai.request.top_k': sampling.topK,
    'gen_ai.request.choice.count': samples > 1 ? samples : undefined,
    'thinkfirst.thinking.budget_tokens': thinking?.budgetTokens,
  };
}

/** Final token counts; for several samples together. */
function createTally() {
  let [input, cached, thinking, output] = [0, 0, 0, 0];
  const reasons: string[] = [];
  return {
    take(event: ModelEvent) {
      if (event.type !== 'finish') return;
      const { usage } = event;
      // There is one prompt, reported for each of its samples.
      input = Math.max(input, usage.inputTokens);
      cached = Math.max(cached, usage.cachedTokens);
      thinking += usage.thinkingTokens;
      output += usage.thinkingTokens + usage.answerTokens;
      reasons.push(event.reason);
    },
    attributes: (): SpanAttributes => ({
      'gen_ai.usage.input_tokens': input,
      'gen_ai.usage.cache_read.input_tokens': cached,
      'gen_ai.usage.output_tokens': output,
      'gen_ai.usage.reasoning.output_tokens': thinking,
      'gen_ai.response.finish_reasons': reasons,
    }),
  };
}

function errorCode(error: unknown): string {
  return error instanceof ServiceError ? error.code : 'error';
}

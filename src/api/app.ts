import { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import type { ApiDependencies, ApiEnvironment } from './dependencies.ts';
import { createOnError, createOnNotFound, envelopeOfPath, isAnthropic } from './errors.ts';
import { crossOrigin, originCheck } from './middleware/cross-origin.ts';
import { hostCheck } from './middleware/host-check.ts';
import { idempotentCreation } from './middleware/idempotency.ts';
import { identifyCaller } from './middleware/identify-caller.ts';
import { requestRate } from './middleware/request-rate.ts';
import { createOpenApiDocument } from './openapi/document.ts';
import { referencePage } from './openapi/reference-page.ts';
import { createBatchesRoutes } from './protocols/batches/batch-routes.ts';
import { createChatCompletionsRoutes } from './protocols/chat-completions/chat-routes.ts';
import { createCompletionsRoutes } from './protocols/chat-completions/completion-routes.ts';
import { createMessageBatchesRoutes } from './protocols/messages/message-batch-routes.ts';
import { createMessagesRoutes } from './protocols/messages/message-routes.ts';
import { createOllamaRoutes } from './protocols/ollama/ollama-routes.ts';
import { createCallerRoutes } from './routes/caller.ts';
import { createConfigurationRoutes } from './routes/configuration.ts';
import { createConsoleRoutes } from './routes/console.ts';
import { createConversationsRoutes } from './routes/conversations.ts';
import { createEmbeddingsRoutes } from './routes/embeddings.ts';
import { createEvaluationsRoutes } from './routes/evaluations.ts';
import { createFeedbackRoutes } from './routes/feedback.ts';
import { createFilesRoutes } from './routes/files.ts';
import { createHealthRoutes } from './routes/health.ts';
import { createKeysRoutes } from './routes/keys.ts';
import { createModelsRoutes } from './routes/models.ts';
import { createOperationsRoutes } from './routes/operations.ts';
import { createResponseInputRoutes } from './routes/response-input.ts';
import { createResponseSocketRoutes } from './routes/response-socket.ts';
import { createResponsesRoutes } from './routes/responses.ts';
import { createStrategiesRoutes } from './routes/strategies.ts';
import { createTraceRoutes } from './routes/trace.ts';
import { createWebhooksRoutes } from './routes/webhooks.ts';

/** The whole HTTP API over a queue and a catalog. Opens nothing: an entry puts it behind a server. */
export function createApp(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { log, strategies } = dependencies;
  const app = new Hono<ApiEnvironment>();
  app.onError(createOnError(log, envelopeOfPath));
  app.notFound(createOnNotFound(app));

  app.use(requestId({ limitLength: 128 }));
  app.use(async function anthropicRequestId(c, next) {
    if (isAnthropic(c.req)) c.header('request-id', c.get('requestId'));
    await next();
  });
  if (dependencies.operations?.observe) app.use(dependencies.operations.observe);
  app.use(secureHeaders());
  app.use(hostCheck(dependencies.allowedHosts));
  if (dependencies.console) app.route('/', createConsoleRoutes(dependencies.console));
  app.use(crossOrigin(dependencies.allowedOrigins ?? []));
  app.use(originCheck(dependencies.allowedOrigins ?? []));
  app.use(identifyCaller(dependencies));
  if (dependencies.requestLimiter) app.use(requestRate(dependencies.requestLimiter));
  app.use(idempotentCreation(dependencies));
  app.route('/', createHealthRoutes(dependencies));
  app.route('/v1/models', createModelsRoutes(dependencies));
  app.route('/v1/responses', createResponseInputRoutes(dependencies));
  app.route('/v1/responses', createResponseSocketRoutes(dependencies, app.fetch));
  app.route('/v1/responses', createResponsesRoutes(dependencies));
  app.route('/v1/responses', createTraceRoutes(dependencies));
  app.route('/v1/conversations', createConversationsRoutes(dependencies));
  app.route('/v1/chat/completions', createChatCompletionsRoutes(dependencies));
  app.route('/v1/embeddings', createEmbeddingsRoutes(dependencies));
  app.route('/v1/completions', createCompletionsRoutes(dependencies));
  app.route('/v1/messages/batches', createMessageBatchesRoutes(dependencies));
  app.route('/v1/messages', createMessagesRoutes(dependencies));
  app.route('/api', createOllamaRoutes(dependencies));
  app.route('/v1', createFeedbackRoutes(dependencies));
  app.route('/v1/files', createFilesRoutes(dependencies));
  app.route('/v1/batches', createBatchesRoutes(dependencies));
  app.route('/v1/caller', createCallerRoutes());
  app.route('/v1/evaluations', createEvaluationsRoutes(dependencies));
  app.route('/v1/configuration', createConfigurationRoutes(dependencies));
  if (dependencies.keys) app.route('/v1/keys', createKeysRoutes(dependencies, dependencies.keys));
  if (dependencies.webhooks) app.route('/v1', createWebhooksRoutes(dependencies, dependencies.webhooks));
  if (strategies) app.route('/v1/strategies', createStrategiesRoutes(strategies));
  if (dependencies.operations) app.route('/', createOperationsRoutes(dependencies.operations));
  let document: ReturnType<typeof createOpenApiDocument> | undefined;
  const openApi = () => {
    document ??= createOpenApiDocument({
      strategies: strategies !== undefined,
      keys: dependencies.keys !== undefined,
      webhooks: dependencies.webhooks !== undefined,
    });
    return document;
  };
  app.get('/openapi.json', (c) => c.json(openApi()));
  app.get('/docs', (c) => {
    c.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    return c.html(referencePage(openApi()));
  });
  return app;
}

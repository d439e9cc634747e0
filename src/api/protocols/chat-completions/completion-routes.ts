import { Hono } from 'hono';
import { Completion, CreateCompletion } from '../../../contracts/protocols/completion.ts';
import { invalidValue } from '../../../contracts/service/service-error.ts';
import type { ApiDependencies, ApiEnvironment } from '../../dependencies.ts';
import { describeRoutes } from '../../openapi/describe-routes.ts';
import { readJson } from '../../read-request.ts';
import { parseBody } from '../../validation-error.ts';
import { createTranslatedRuns } from '../translated-runs.ts';
import { anotherAnswer } from '../translation.ts';
import { chatStream } from './chat-stream.ts';
import { completionChunks, completionOf, type PromptRun, translateCompletion } from './completions.ts';

/** Answers of one request. */
const mostAnswers = 16;

const described = describeRoutes({
  createCompletion: {
    summary: 'Continues a text as it is, without the model’s chat template and without thinking',
    body: CreateCompletion,
    answer: Completion,
    event: Completion,
    errors: [400, 404, 413, 415, 429],
  },
});

/** `/v1/completions`: OpenAI's oldest shape, a text that is gone on with. Each answer is a response like any other. */
export function createCompletionsRoutes(dependencies: ApiDependencies): Hono<ApiEnvironment> {
  const { catalog, limits } = dependencies;
  const runs = createTranslatedRuns(dependencies);
  const routes = new Hono<ApiEnvironment>();

  routes.post('/', described.createCompletion, async (c) => {
    const body = await readJson(c.req, limits);
    const request = parseBody(CreateCompletion, body);
    const prompts = translateCompletion(request, body);
    const each = request.n ?? 1;
    if (prompts.length * each > mostAnswers) {
      throw invalidValue('n', `expected at most ${mostAnswers} answers in total, got ${prompts.length * each}`);
    }
    const accepted: PromptRun[] = [];
    for (const [prompt, translation] of prompts.entries()) {
      const begun = request.echo ? String(translation.body['input']) : '';
      const first = await runs.accept(c, translation, 'none');
      accepted.push({ run: first, prompt, begun });
      const { temperature } = catalog.effortTable(first.job.model);
      for (let index = 1; index < each; index += 1) {
        const next = anotherAnswer(translation, { index, temperature });
        accepted.push({ run: await runs.accept(c, next, 'none'), prompt, begun });
      }
    }
    const started = accepted.map(({ run }) => run);
    await runs.start(c, started);
    if (!request.stream) {
      const settled = await runs.settleAll(c, started);
      const responses = settled.map(({ response }) => response);
      return c.json(completionOf(accepted, responses) satisfies Completion);
    }
    const reader = runs.reader(c, started);
    const includeUsage = request.stream_options?.include_usage === true;
    return chatStream(
      c,
      reader,
      completionChunks(accepted, started.map(reader.pieces), { includeUsage }),
      dependencies,
    );
  });

  return routes;
}

import { resolve } from 'node:path';
import type { ModelCatalog } from '../contracts/service/model-card.ts';
import type { Environment } from './environment.ts';

/** What a start tells the one who started it: where it is, what it runs, where its data lives, and what to try. */
export function banner(options: {
  environment: Environment;
  catalog: ModelCatalog;
  api: boolean;
  worker: boolean;
  url: string | undefined;
  seconds: number;
}): string {
  const { environment, catalog, api, worker, url, seconds } = options;
  const redis = environment.REDIS_URL;
  const parts = [api && 'API', worker && 'worker'].filter(Boolean).join(' and ');
  const mode = redis === undefined ? 'embedded (API, queue, store and worker in this process)' : `Redis, ${parts} here`;
  const lines = [
    `Thinkfirst is ready after ${seconds.toFixed(1)} s.`,
    ...(url === undefined ? [] : [`  url    ${url}`]),
    `  model  ${catalog
      .list()
      .map(({ id }) => id)
      .join(', ')}`,
    `  mode   ${mode}`,
    `  data   ${redis === undefined ? resolve(environment.THINKFIRST_DATA) : withoutPassword(redis)}`,
  ];
  if (url !== undefined) {
    lines.push(
      'Try it, fast and then with thinking:',
      `  curl -s ${url}/v1/responses -H 'content-type: application/json' -d '{"input": "What is 47 + 385?", "mode": "fast"}'`,
      `  curl -s ${url}/v1/responses -H 'content-type: application/json' -d '{"input": "What is 47 + 385?", "mode": "deliberate"}'`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

import { afterAll, beforeAll } from 'vitest';
import { dataFolder, startService, type TestService } from '../../support/start-service.ts';
import { anthropicSuite } from './anthropic.ts';
import { curlSuite } from './curl.ts';
import { createFeatureTable } from './feature-table.ts';
import { langchainSuite } from './langchain.ts';
import { ollamaSuite } from './ollama.ts';
import { openaiSuite } from './openai.ts';
import { openaiPythonSuite } from './openai-python.ts';
import { vercelSuite } from './vercel.ts';

/** Clients that people already have, against the service with the real model over a real socket. */
const table = createFeatureTable();
let data: Awaited<ReturnType<typeof dataFolder>>;
let service: TestService;
const url = () => service.url;

beforeAll(async () => {
  data = await dataFolder();
  service = await startService('start', { THINKFIRST_DATA: data.path });
});
afterAll(async () => {
  table.write();
  await service.stop();
  await data.remove();
});

openaiSuite(table, url);
await openaiPythonSuite(table, url);
curlSuite(table, url);
anthropicSuite(table, url);
ollamaSuite(table, url);
vercelSuite(table, url);
langchainSuite(table, url);

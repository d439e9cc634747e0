import { afterAll, beforeAll } from 'vitest';
import { startEverythingServer } from '../../support/everything-server.ts';
import { dataFolder, startService, type TestService } from '../../support/start-service.ts';
import { startUpstreamServer, type UpstreamServer } from '../../support/upstream-server.ts';
import { anthropicSuite } from './anthropic.ts';
import { capableScript } from './capable-model.ts';
import { codexSuite, knownToCodex } from './codex.ts';
import { curlSuite } from './curl.ts';
import { createFeatureTable } from './feature-table.ts';
import { langchainSuite } from './langchain.ts';
import { ollamaSuite } from './ollama.ts';
import { openaiSuite } from './openai.ts';
import { openaiAgentsSuite } from './openai-agents.ts';
import { pythonSuites } from './python.ts';
import { vercelSuite } from './vercel.ts';

/**
 * Clients that people already have, against the service with the real model over a real socket. `npm run clients` tries all
 * of them and writes the table; `npm test` leaves out those that take long.
 */
const all = process.env['CLIENTS'] === 'all';
const table = createFeatureTable();
let data: Awaited<ReturnType<typeof dataFolder>>;
let capable: UpstreamServer | undefined;
let service: TestService | undefined;
let everything: Awaited<ReturnType<typeof startEverythingServer>> | undefined;
const mcpUrl = () => everything?.url ?? '';
const url = () => service?.url ?? '';

beforeAll(async () => {
  data = await dataFolder();
  capable = await startUpstreamServer({ dialect: 'vllm', script: capableScript });
  const upstream = { url: capable.url, model: 'any', family: 'qwen3', dialect: 'vllm', contextLength: 100_000 };
  const models = [
    { id: 'thinkfirst-135m', folder: './models/thinkfirst-135m' },
    ...['capable', knownToCodex].map((id) => ({ ...upstream, id })),
  ];
  everything = await startEverythingServer();
  service = await startService('start', {
    THINKFIRST_DATA: data.path,
    THINKFIRST_MODELS: JSON.stringify(models),
    // The MCP server that clients name is on this machine.
    THINKFIRST_PRIVATE_CALLBACKS: '1',
  });
});
afterAll(async () => {
  if (all) table.write();
  await service?.stop();
  await capable?.close();
  await everything?.close();
  await data.remove();
});

openaiSuite(table, url, mcpUrl);
curlSuite(table, url);
anthropicSuite(table, url);
ollamaSuite(table, url);
vercelSuite(table, url);
langchainSuite(table, url);
openaiAgentsSuite(table, url, mcpUrl);
if (all) await codexSuite(table, url);
await pythonSuites(table, { url, mcpUrl, slow: all });

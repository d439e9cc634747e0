import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { variablesFinding } from '../../../src/cli/doctor/diagnose.ts';
import { memoryFinding, nodeFinding } from '../../../src/cli/doctor/machine.ts';
import { mcpServerFindings } from '../../../src/cli/doctor/mcp-servers.ts';
import { addedFinding, brokenFiles, modelFindings, sourcesFinding } from '../../../src/cli/doctor/model-files.ts';
import { portFinding } from '../../../src/cli/doctor/port.ts';
import { appendFinding, evictionFinding, folderFindings, versionFinding } from '../../../src/cli/doctor/store.ts';
import { readEffortTable } from '../../../src/models/config/effort-tables.ts';
import { parseOperatorServers } from '../../../src/tools/mcp/operator-servers.ts';
import { startRawMcpServer } from '../../support/raw-mcp-server.ts';

const embedded = fileURLToPath(new URL('../../../models/thinkfirst-135m', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinkfirst-doctor-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('doctor', () => {
  it.each([
    ['a Node that is too old', nodeFinding('18.20.0'), 'fault'],
    ['a Node that is new enough', nodeFinding('20.0.0'), 'ok'],
    ['a machine with 512 MB', memoryFinding(512e6, 400e6), 'fault'],
    ['a machine whose memory is taken', memoryFinding(16e9, 200e6), 'warning'],
    ['a machine with room', memoryFinding(16e9, 8e9), 'ok'],
    ['a Redis that evicts', evictionFinding('allkeys-lru'), 'fault'],
    ['a Redis that evicts nothing', evictionFinding('noeviction'), 'ok'],
    ['a Redis without its append-only file', appendFinding('0'), 'warning'],
    ['a Redis with it', appendFinding('1'), 'ok'],
    ['a variable that nothing reads', variablesFinding({ THINKFIRST_KV_BTS: '8' }), 'warning'],
    ['variables that are read', variablesFinding({ THINKFIRST_KV_BITS: '8', THINKFIRST_URL: 'http://x' }), 'ok'],
    ['a store of another PostgreSQL', versionFinding('data', '16'), 'fault'],
  ])('%s: %o', (_, finding, status) => {
    expect(finding.status).toBe(status);
    // What is not well comes with what to do.
    expect(finding.advice === undefined).toBe(status === 'ok');
  });

  it('finds the embedded model whole', { timeout: 60_000 }, async () => {
    expect(await brokenFiles(embedded)).toEqual([]);
  });

  it('knows a file that was changed, and one that is gone', async () => {
    const hash = createHash('sha256').update('whole').digest('hex');
    await writeFile(join(folder, 'SHA256SUMS'), `${hash}  a.json\n${hash}  b.json\n${hash}  c.json\n`);
    await writeFile(join(folder, 'a.json'), 'whole');
    await writeFile(join(folder, 'b.json'), 'changed');
    expect(await brokenFiles(folder)).toEqual(['b.json', 'c.json']);
  });

  it('says that a model folder is not there', async () => {
    const [finding] = await modelFindings([{ kind: 'folder', id: 'nope', path: join(folder, 'nope') }]);
    expect(finding).toMatchObject({ status: 'fault', detail: expect.stringContaining('nope') });
  });

  it('says which MCP servers answer, and what is wrong with the file', { timeout: 60_000 }, async () => {
    const tool = { name: 'say', inputSchema: { type: 'object' } };
    const server = await startRawMcpServer(() => ({ result: { tools: [tool] } }));
    const mcpServers = { well: { url: server.url }, ill: { command: join(folder, 'no-program') } };
    const findings = await mcpServerFindings(() => parseOperatorServers({ mcpServers }, () => undefined));
    await server.close();
    expect(findings).toEqual([
      { name: 'MCP server well', status: 'ok', detail: 'answers, with 1 tool' },
      expect.objectContaining({ name: 'MCP server ill', status: 'fault', detail: expect.stringContaining("'ill'") }),
    ]);
    const [fault] = await mcpServerFindings(() => parseOperatorServers({ mcpServers: { a: {} } }, () => undefined));
    expect(fault).toMatchObject({ status: 'fault', detail: expect.stringContaining('mcpServers.a') });
  });

  it('says where each model comes from, and that a server that was added is down', async () => {
    const added = { id: 'far', revision: '0', entry: { url: 'http://127.0.0.1:1/v1' }, addedAt: 0, reports: {} };
    const configs = [{ kind: 'hub', id: 'mine', name: 'a/d' } as const];
    expect(sourcesFinding('from thinkfirst.config.json', configs, [added]).detail).toBe(
      'mine (from thinkfirst.config.json); added while the service ran: far',
    );
    expect(await addedFinding(added)).toMatchObject({
      name: 'model far',
      status: 'warning',
      detail: 'nothing answers at http://127.0.0.1:1/v1',
      advice: expect.stringContaining('thinkfirst models remove far'),
    });
  });

  it('names the checks of a table that do not exist', async () => {
    const path = join(folder, 'older.effort.json');
    const table = readEffortTable('mine');
    const low = { ...table.levels.low, checks: [{ type: 'spelling' }, { type: 'agreement' }] };
    await writeFile(path, JSON.stringify({ ...table, levels: { ...table.levels, low } }));
    const effortTable = { path, field: 'models[0].effortTable' };
    const [, finding] = await modelFindings([{ kind: 'hub', id: 'mine', name: 'a/d', effortTable }]);
    expect(finding).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining("don't exist: spelling ("),
    });
  });

  it('says where what the efforts spend comes from, and what is wrong with a table', async () => {
    const path = join(folder, 'mine.effort.json');
    await writeFile(path, '{}');
    const field = 'thinkfirst.config.json: models[0].effortTable';
    const [, embeddedTable, , own, , faulty] = await modelFindings([
      { kind: 'hub', id: 'thinkfirst-135m', name: 'a/b' },
      { kind: 'hub', id: 'other', name: 'a/c' },
      { kind: 'hub', id: 'mine', name: 'a/d', effortTable: { path, field } },
    ]);
    expect(embeddedTable).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/^calibrated \d{4}-.* questions$/),
    });
    expect(own).toMatchObject({ status: 'ok', detail: expect.stringContaining('thinkfirst calibrate --model other') });
    expect(faulty).toMatchObject({ name: 'efforts of mine', status: 'fault', detail: expect.stringContaining(field) });
    expect(faulty?.detail).toContain(`${path} is not an effort table: model: `);
  });

  it('tells a port that something else holds from a free one', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    // Whoever connects is hung up on, as by a server of another protocol.
    holder.on('connection', (socket) => socket.destroy());
    expect(await portFinding({ host: '127.0.0.1', port })).toMatchObject({ status: 'warning' });
    await new Promise((resolve) => holder.close(resolve));
    expect(await portFinding({ host: '127.0.0.1', port })).toMatchObject({ status: 'ok' });
  });

  it('takes a data folder that is not there yet, and refuses one that can’t be', async () => {
    const [made] = await folderFindings(join(folder, 'not', 'yet'));
    expect(made).toMatchObject({ status: 'ok', detail: expect.stringContaining('first start') });
    const file = join(folder, 'file');
    await writeFile(file, '');
    const [refused] = await folderFindings(join(file, 'data'));
    expect(refused).toMatchObject({ status: 'fault', advice: expect.stringContaining('THINKFIRST_DATA') });
  });
});

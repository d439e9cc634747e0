import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { postJson } from '../support/start-service.ts';

const run = promisify(execFile);
/** Another npm than the one on PATH: `PACKED=npm@12`. */
const version = process.env['PACKED'] ?? '';
const npm = (args: string[], cwd: string) => run('npx', ['--yes', version, ...args], { cwd, maxBuffer: 16_777_216 });

/** Bytes on disk, and the names of the packages, below a folder. */
async function measure(folder: string): Promise<{ bytes: number; packages: string[] }> {
  const packages: string[] = [];
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.name === 'package.json') packages.push(entry.parentPath.replace(/.*node_modules\//, ''));
    if (entry.isFile()) bytes += (await lstat(path)).blocks * 512;
  }
  return { bytes, packages };
}

// Minutes, and a registry.
test.skipIf(version === '')('the package, installed in an empty folder, answers', { timeout: 900_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-packed-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { stdout } = await npm(['pack', '--json', '--pack-destination', folder], '.');
  const tarball = /thinkfirst-[\d.]+\.tgz/.exec(stdout)?.[0] ?? '';
  expect(existsSync('packed')).toBe(false);
  const empty = join(folder, 'empty');
  await mkdir(empty);
  await writeFile(join(empty, 'package.json'), '{"private": true}');
  await npm(['install', '--no-audit', '--no-fund', join(folder, tarball)], empty);

  const { bytes, packages } = await measure(join(empty, 'node_modules'));
  const megabytes = Math.round(bytes / 1e6);
  console.log(`${megabytes} MB, ${new Set(packages).size} packages`);
  for (const absent of ['vite', 'react', 'lucide-react', 'wrangler', 'openai', 'sharp', 'onnxruntime-web']) {
    expect(packages).not.toContain(absent);
  }

  const service = spawn('npx', ['thinkfirst', 'serve', '--port', '0'], {
    cwd: empty,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(service, 'close');
  let url: string | undefined;
  const lines: string[] = [];
  service.stderr.on('data', (chunk) => lines.push(String(chunk)));
  for await (const line of createInterface(service.stdout)) {
    url ??= /^ {2}url +(\S+)$/.exec(line)?.[1];
    if (/^ {2}data /.test(line)) break;
  }
  expect(url, lines.join('')).toBeDefined();
  const { status, body } = await postJson(`${url}/v1/responses`, { input: 'What is 47 + 385?', mode: 'deliberate' });
  expect({ status, text: body.output_text }).toEqual({ status: 200, text: expect.stringContaining('432') });
  expect(await (await fetch(`${url}/`)).text()).toContain('<div id="root">');
  process.kill(-(service.pid ?? 0), 'SIGTERM');
  await ended;
});

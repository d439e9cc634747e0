import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testCache } from './python-environment.ts';

const run = promisify(execFile);

export const codexVersion = '0.171.0';

export type CodexProgram = {
  path: string;
  /** Why Codex cannot run commands in its own sandbox on this machine; undefined if it can. */
  noSandbox: string | undefined;
};

/**
 * Codex CLI from the test cache, downloaded from npm at first use (424 MB unpacked). Otherwise the reason why it is not
 * available.
 */
export async function codexProgramOrReason(): Promise<CodexProgram | { reason: string }> {
  const folder = join(testCache, `codex-${codexVersion}`);
  const path = join(folder, 'node_modules', '.bin', 'codex');
  try {
    if (!existsSync(path)) {
      await mkdir(folder, { recursive: true });
      const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `@openai/codex@${codexVersion}`];
      await run('npm', ['--prefix', folder, ...install], { cwd: folder, timeout: 570_000 });
    }
    await run(path, ['--version'], { timeout: 60_000 });
  } catch (error) {
    const reason = `needs @openai/codex of npm, which can't be had: ${firstLine(error)}`;
    console.info(`skipped: ${reason}`);
    return { reason };
  }
  // The sandbox needs user namespaces, or setuid bubblewrap, and seccomp: many containers have none of them.
  const probe = run(path, ['sandbox', '--', 'true'], {
    timeout: 60_000,
    env: { PATH: process.env['PATH'], HOME: folder },
  });
  const noSandbox = await probe.then(() => undefined, firstLine);
  if (noSandbox !== undefined) console.info(`Codex has no sandbox here, so it runs without: ${noSandbox}`);
  return { path, noSandbox };
}

/** The result of a run of Codex. */
export type CodexRun = { code: number | null; stdout: string; stderr: string };

/**
 * Runs Codex to its end, or stops it after `timeout` ms. It can only reach loopback: its own downloads at the start go
 * to a proxy that does not exist.
 */
export async function runCodex(
  path: string,
  args: readonly string[],
  { home, folder, timeout = 150_000 }: { home: string; folder: string; timeout?: number },
): Promise<CodexRun> {
  const nowhere = 'http://127.0.0.1:9';
  const child = spawn(path, args, {
    cwd: folder,
    // In its own process group, so that the program that the launcher starts ends with it.
    detached: true,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      CODEX_HOME: home,
      THINKFIRST_API_KEY: 'unused',
      HTTP_PROXY: nowhere,
      HTTPS_PROXY: nowhere,
      NO_PROXY: '127.0.0.1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  };
  const timer = setTimeout(end, timeout);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  try {
    const [code] = await once(child, 'close');
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    end();
  }
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').find((line) => line !== '' && !line.startsWith('Command failed')) ?? text.slice(0, 200);
}

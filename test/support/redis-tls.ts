import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../eval/free-port.ts';

export type TlsRedis = { url: string; certificate: string; close(): Promise<void> };

/** A Redis that only speaks TLS, with an unknown certificate; or the reason why there cannot be one here. */
export async function startTlsRedis(): Promise<TlsRedis | { missing: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'thinkfirst-tls-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const port = await freePort();
  try {
    const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
    const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=thinkfirst-test'];
    execFileSync('openssl', ['req', ...made, '-addext', names, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  } catch {
    await remove();
    return { missing: 'needs openssl, which makes the certificate' };
  }
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate];
  const options = ['--port', '0', '--tls-port', `${port}`, ...files, '--tls-auth-clients', 'no', '--bind', '127.0.0.1'];
  const server = spawn('redis-server', [...options, '--save', '', '--dir', folder]);
  const said: string[] = [];
  const ready = new Promise<boolean>((resolve) => {
    createInterface(server.stdout).on('line', (line) => {
      said.push(line);
      if (line.includes('Ready to accept connections')) resolve(true);
    });
    createInterface(server.stderr).on('line', (line) => said.push(line));
    server.once('close', () => resolve(false));
    server.once('error', () => resolve(false));
  });
  if (!(await ready)) {
    await remove();
    return { missing: `needs a redis-server that was built with TLS: ${said.at(-1) ?? 'there is no redis-server'}` };
  }
  return {
    url: `rediss://127.0.0.1:${port}`,
    certificate,
    async close() {
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
      await remove();
    },
  };
}

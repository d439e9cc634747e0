import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createPostJson } from '../../src/outbound/post-json.ts';
import {
  AddressRefused,
  addressRefusal,
  isPublicAddress,
  publicLookup,
  serverAddressRefusal,
} from '../../src/outbound/public-address.ts';

const signal = new AbortController().signal;

/** A server of this machine: the guard needs a real socket to show what it stops. */
async function served<T>(listener: RequestListener, use: (port: number) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  try {
    return await use(typeof address === 'object' && address ? address.port : 0);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '2606:4700:4700::1111'])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '0.0.0.0',
    '100.64.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    'fe80::1',
    'fd00::1',
    '::7f00:1',
    '::a9fe:a9fe',
    '100::1',
    '100:0:0:1::1',
    '64:ff9b:1::7f00:1',
    '3fff::1',
    '5f00::1',
    'localhost',
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('serverAddressRefusal', () => {
  it.each(['127.0.0.1', 'localhost', '10.1.2.3', '192.168.1.1', '100.64.0.1', '[::1]', '[fc00::1]', '8.8.8.8'])(
    'leaves a model server at %s',
    async (host) => {
      expect(await serverAddressRefusal(`http://${host}:8000/v1`)).toBeUndefined();
    },
  );
  it.each([
    '169.254.169.254',
    '169.254.1.1',
    '2852039166',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[fd20:ce::254]',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '0.0.0.0',
    '224.0.0.1',
  ])('refuses %s', async (host) => {
    expect(await serverAddressRefusal(`http://${host}/v1`)).toMatch(/link-local, metadata or reserved/);
  });
});

/** This machine and networks like it, in every spelling that needs no lookup. */
const ownSpellings = [
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '0',
  '0x7f.1',
  '0x7f000001',
  '0177.0.0.1',
  '017700000001',
  '2130706433',
  '%31%32%37.0.0.1',
  '１２７.0.0.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[2002:7f00:1::]',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'api.localhost',
  'localhost.localdomain',
  'ip6-localhost',
  '169.254.169.254',
  '10.0.0.1',
];

describe('addressRefusal', () => {
  it.each(ownSpellings)('refuses %s at once', (host) => {
    expect(addressRefusal(`http://${host}:8080/hook`, { allowPrivate: false })).toBe('expected a public address');
    expect(addressRefusal(`http://${host}:8080/hook`, { allowPrivate: true })).toBeUndefined();
  });

  it.each(['example.com', '127.0.0.1.nip.io', 'localhost.example.com', 'notlocalhost', '8.8.8.8', '[2606:4700::1]'])(
    'leaves %s to the lookup',
    (host) => expect(addressRefusal(`https://${host}/hook`, { allowPrivate: false })).toBeUndefined(),
  );
});

describe('publicLookup', () => {
  const failure = (name: string) =>
    new Promise<unknown>((resolve) => {
      publicLookup(name, { all: true }, (error) =>
        resolve(error && { ...error, name: error.name, said: error.message }),
      );
    });

  it('fails alike for a name of a private address and for one that does not exist', async () => {
    const [priv, none] = [await failure('localhost'), await failure('no-such-name.invalid')];
    expect(priv).toEqual(none);
    expect(priv).toEqual({ name: 'Error', said: 'the address did not answer' });
  });
});

describe('createPostJson', () => {
  const guarded = createPostJson({ allowPrivate: false, timeoutMs: 2_000 });
  const open = createPostJson({ allowPrivate: true, timeoutMs: 2_000 });

  it.each([...ownSpellings])('never reaches %s', async (host) => {
    let reached = 0;
    await served(
      (_, reply) => {
        reached += 1;
        reply.end('{}');
      },
      async (port) => {
        await expect(guarded(`http://${host}:${port}/`, {}, { signal })).rejects.toThrow(AddressRefused);
      },
    );
    expect(reached).toBe(0);
  });

  it.each(['file:///etc/passwd', 'ftp://example.com/', 'http://user:pass@example.com/'])('refuses %s', async (url) => {
    await expect(open(url, {}, { signal })).rejects.toThrow(AddressRefused);
  });

  it('posts JSON and reads JSON where private addresses are allowed', async () => {
    const answer = await served(
      (asked, reply) => {
        asked.setEncoding('utf8').on('data', (text: string) => reply.end(JSON.stringify({ got: JSON.parse(text) })));
      },
      (port) => open(`http://127.0.0.1:${port}/check`, { a: 1 }, { signal }),
    );
    expect(answer).toEqual({ got: { a: 1 } });
  });

  it('follows no redirect', async () => {
    await served(
      (_, reply) => reply.writeHead(302, { location: 'http://example.com/' }).end(),
      async (port) => {
        await expect(open(`http://127.0.0.1:${port}/`, {}, { signal })).rejects.toThrow('answered 302');
      },
    );
  });

  it('gives up on a reply without end', async () => {
    await served(
      (_, reply) => {
        const more = (): void => {
          if (!reply.destroyed) reply.write('x'.repeat(16_384), () => setImmediate(more));
        };
        more();
      },
      async (port) => {
        await expect(open(`http://127.0.0.1:${port}/`, {}, { signal })).rejects.toThrow('longer than 65536 bytes');
      },
    );
  });
});

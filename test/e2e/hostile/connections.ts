import type { Case } from './send.ts';

/** Cases that no HTTP client can send: bytes on a connection. */
export function connections({ host, secret }: { host: string; secret: string }): Case[] {
  const head = (lines: readonly string[], first = 'POST /v1/responses HTTP/1.1') =>
    `${[first, `Host: ${host}`, `Authorization: Bearer ${secret}`, ...lines].join('\r\n')}\r\n\r\n`;
  const json = 'Content-Type: application/json';
  const body = '{"model":"tiny","input":"a","mode":"fast"}';
  const whole = head([json, `Content-Length: ${body.length}`, 'Connection: close']) + body;
  const streamed = '{"model":"tiny","input":"a","mode":"fast","stream":true}';
  const stream = head([json, `Content-Length: ${streamed.length}`, 'Connection: close']) + streamed;
  const raw = (name: string, pieces: readonly (string | Buffer)[], more: object = {}): Case => ({
    name: `connection: ${name}`,
    raw: { pieces, ...more },
  });
  return [
    raw('nothing, then the end', [''], { halfClose: true }),
    raw('nothing at all', ['\r\n']),
    raw('a head that never ends', ['GET / HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n']),
    raw('a body that never comes', [head([json, 'Content-Length: 1000'])]),
    raw('a body that stops', [head([json, 'Content-Length: 1000']), '{"input":']),
    raw('a body that breaks off', [head([json, 'Content-Length: 1000']), '{"input":'], { halfClose: true }),
    raw('a client that is gone', [head([json, 'Content-Length: 1000']), '{"input":'], { hangUp: true }),
    raw('a chunked body that stops', [head([json, 'Transfer-Encoding: chunked']), '5\r\n{"inp']),
    raw('a chunk of another size', [head([json, 'Transfer-Encoding: chunked']), '2\r\n{"input"\r\n0\r\n\r\n']),
    raw('a chunk of no size', [head([json, 'Transfer-Encoding: chunked']), 'zz\r\n{}\r\n0\r\n\r\n']),
    raw('a chunk of a huge size', [head([json, 'Transfer-Encoding: chunked']), `${'f'.repeat(30)}\r\n{}\r\n`]),
    raw('a long chunk extension', [
      head([json, 'Transfer-Encoding: chunked']),
      `2;${'a'.repeat(40_000)}\r\n{}\r\n0\r\n\r\n`,
    ]),
    raw('two lengths', [head([json, 'Content-Length: 2', 'Content-Length: 3', 'Connection: close']), '{}x']),
    raw('a length and chunks', [
      head([json, 'Content-Length: 4', 'Transfer-Encoding: chunked', 'Connection: close']),
      '0\r\n\r\nGET /v1/keys HTTP/1.1\r\n\r\n',
    ]),
    raw('a length below nothing', [head([json, 'Content-Length: -1', 'Connection: close']), '{}']),
    raw('a length that is none', [head([json, 'Content-Length: ten', 'Connection: close']), '{}']),
    raw('a length beyond all', [head([json, `Content-Length: ${'9'.repeat(40)}`, 'Connection: close']), '{}']),
    raw('two hosts', [head(['Host: evil.example.org', 'Connection: close'], 'GET /v1/responses HTTP/1.1')]),
    raw('no host', ['GET /v1/responses HTTP/1.1\r\nConnection: close\r\n\r\n']),
    raw('HTTP/1.0 without a host', ['GET /v1/responses HTTP/1.0\r\n\r\n']),
    raw('HTTP/0.9', ['GET /\r\n\r\n']),
    raw('HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']),
    raw('TLS', [Buffer.from('16030100a5010000a10303', 'hex'), Buffer.alloc(150)], { halfClose: true }),
    raw('noise', [Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7_919) % 256))]),
    raw('a line without end', ['GET /', 'a'.repeat(100_000)]),
    raw('a header without end', ['GET / HTTP/1.1\r\nX: ', 'a'.repeat(100_000)]),
    raw('headers without end', ['GET / HTTP/1.1\r\n', 'X-A: b\r\n'.repeat(5_000)]),
    raw('a folded header', [head(['X-A: b\r\n c', 'Connection: close'], 'GET /healthz HTTP/1.1')]),
    raw('a header with NUL', ['GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n']),
    raw('a header without a name', ['GET /healthz HTTP/1.1\r\nHost: localhost\r\n: b\r\n\r\n']),
    raw('line feeds alone', ['GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n'], { halfClose: true }),
    raw('a whole address', [head(['Connection: close'], `GET http://evil.example.org/v1/responses HTTP/1.1`)]),
    raw('a path with blanks', [head(['Connection: close'], 'GET /v1/responses /x HTTP/1.1')]),
    raw('a path of another alphabet', [head(['Connection: close'], 'GET /v1/responses/ü€😀 HTTP/1.1')]),
    raw('an asterisk', [head(['Connection: close'], 'OPTIONS * HTTP/1.1')]),
    raw('a tunnel', [head([], 'CONNECT evil.example.org:443 HTTP/1.1')], { halfClose: true }),
    raw('a method that is none', [head(['Connection: close'], 'BREW /v1/responses HTTP/1.1')]),
    raw(
      'an upgrade',
      [
        head(
          ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
          'GET /healthz HTTP/1.1',
        ),
      ],
      { halfClose: true },
    ),
    raw('many at once', [
      head([], 'GET /healthz HTTP/1.1').repeat(50),
      head(['Connection: close'], 'GET /healthz HTTP/1.1'),
    ]),
    raw('an answer to a half-closed connection', [whole], { halfClose: true }),
    raw('a stream to a half-closed connection', [stream], { halfClose: true }),
    raw('a stream whose reader is gone', [stream], { hangUp: true }),
    raw('an answer whose reader is gone', [whole], { hangUp: true }),
    raw('byte by byte', [...whole]),
    raw('expecting more', [
      head([json, `Content-Length: ${body.length}`, 'Expect: 100-continue', 'Connection: close']),
      body,
    ]),
    raw('expecting what is not there', [
      head([json, 'Expect: 200-ok', 'Content-Length: 2', 'Connection: close']),
      '{}',
    ]),
  ];
}

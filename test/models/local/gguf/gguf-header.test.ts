import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ggufFiles, ggufId, isGguf } from '../../../../src/models/local/gguf/gguf-files.ts';
import { readGgufHeader } from '../../../../src/models/local/gguf/gguf-header.ts';
import { roomOf } from '../../../../src/models/local/gguf/gguf-local-model.ts';
import { ggufChatModel, readGgufModel } from '../../../../src/models/local/gguf/gguf-model.ts';
import { chatMetadata, ggufFile } from '../../../support/gguf-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'thinkfirst-gguf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function saved(content: Uint8Array, name = 'model.gguf'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const whole = ggufFile(chatMetadata());

describe('the header of a GGUF file', () => {
  it('gives the metadata, and only what is asked for', () => {
    const path = saved(whole);
    const { metadata, tensors, bytes } = readGgufHeader(path, (key) => !key.startsWith('tokenizer.'));
    expect(Object.fromEntries(metadata)).toEqual({
      'general.architecture': 'qwen3',
      'qwen3.context_length': 4096,
      'qwen3.block_count': 2,
      'qwen3.embedding_length': 64,
      'qwen3.attention.head_count': 4,
      'qwen3.attention.head_count_kv': 2,
    });
    expect([tensors, bytes]).toEqual([1, whole.length]);
  });

  const at = (position: number, value: bigint) => {
    const changed = Buffer.from(whole);
    changed.writeBigUInt64LE(value, position);
    return changed;
  };
  const version = (number: number) => {
    const changed = Buffer.from(whole);
    changed.writeUInt32LE(number, 4);
    return changed;
  };
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /cut short/],
    ['a page of a web server', Buffer.from('<!doctype html><title>404</title>'), /does not begin with GGUF/],
    ['another version', version(1), /version 1 of GGUF is not supported/],
    ['bytes in the other order', version(0x03000000), /version 50331648/],
    ['a million keys', at(16, 1_000_000n), /names 1000000 metadata keys; at most 10000/],
    ['2^63 tensors', at(8, 2n ** 63n), /names 9223372036854775808 tensors/],
    ['a key of 2^40 bytes', at(24, 2n ** 40n), /names 1099511627776 bytes of a key/],
    ['half a download', whole.subarray(0, whole.length - 100), /the tensor token_embd.weight ends at byte \d+ of \d+/],
    [
      'a tensor without values',
      ggufFile({}, [{ name: 'empty', shape: [0], values: new Float32Array(0) }]),
      /the tensor empty is empty/,
    ],
    ['an alignment of 0', ggufFile({ 'general.alignment': 0 }), /alignment of 0/],
  ])('refuses %s', (_what, content, reason) => {
    expect(() => readGgufHeader(saved(content))).toThrow(reason);
  });

  it('reads or refuses each of 200 mutated ones, and never reads on past the file', { timeout: 60_000 }, () => {
    const random = xoroshiro128plus(7);
    const next = (below: number) => (random.next() >>> 0) % below;
    const outcomes = new Set<string>();
    for (let round = 0; round < 200; round += 1) {
      const changed = Buffer.from(whole.subarray(0, round % 4 === 0 ? 24 + next(whole.length - 24) : whole.length));
      for (let times = 1 + next(4); times > 0; times -= 1) {
        // Mostly where counts and lengths are; sometimes a whole 64-bit length.
        const place = next(Math.min(changed.length - 8, 400));
        if (next(2) === 0) changed[place] = next(256);
        else changed.writeBigUInt64LE(BigInt(next(2 ** 31)) ** BigInt(next(3)), place);
      }
      const path = saved(changed, 'mutated.gguf');
      try {
        readGgufModel(path);
        outcomes.add('read');
      } catch (error) {
        expect(error).toMatchObject({ code: 'model_unavailable', message: expect.stringContaining('mutated.gguf') });
        outcomes.add('refused');
      }
    }
    expect([...outcomes].sort()).toEqual(['read', 'refused']);
  });
});

describe('a GGUF model', () => {
  const vocabulary = { tokenise: (text: string) => Array.from(text, () => 0), isEnd: () => false };

  it('has its family by its template, and its shape', () => {
    const model = readGgufModel(saved(whole, 'tiny.gguf'));
    expect(model).toMatchObject({
      id: 'tiny',
      contextLength: 4096,
      vocabularySize: 98,
      layers: 2,
      kvBytesPerToken: 256,
    });
    expect(model.family.name).toBe('qwen3');
    const { tokenizer, tokens } = ggufChatModel(model, vocabulary);
    expect([tokens.open, tokens.close, [...tokens.end]]).toEqual([96, 97, [95]]);
    expect(tokenizer.decode([33, 95, 34])).toBe('BC');
    expect(tokenizer.specialTexts).toEqual(['<|im_start|>', '<|im_end|>']);
  });

  it.each([
    [
      'one of the embedded model’s family: converters leave out what its generation_config.json says',
      'thinkfirst',
      {},
      true,
    ],
    ['one that says so', 'qwen3', { 'thinkfirst.compute': 'calls' }, true],
    ['one of that family that says otherwise', 'thinkfirst', { 'thinkfirst.compute': 'none' }, false],
    ['any other', 'qwen3', {}, false],
  ])('has values computed in its thoughts: %s', (_what, family, metadata, computes) => {
    const path = saved(ggufFile(chatMetadata(metadata)), 'computes.gguf');
    expect(readGgufModel({ id: 'computes', path, family })).toMatchObject({ computes });
  });

  it('is refused for a token that it has twice, which would end the process', () => {
    const tokens = ['a', 'b', 'a'];
    const twice = { 'tokenizer.ggml.tokens': tokens, 'tokenizer.ggml.token_type': [1, 1, 1] };
    expect(() => readGgufModel(saved(ggufFile(chatMetadata(twice)), 'twice.gguf'))).toThrow(
      /twice\.gguf .*has a token twice/,
    );
  });

  it('is refused for a template that never ends, in the time that it has', () => {
    const loop = '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}';
    const model = readGgufModel(saved(ggufFile(chatMetadata({ 'tokenizer.chat_template': loop })), 'loop.gguf'));
    expect(() => ggufChatModel({ ...model, templateMs: 50 }, vocabulary)).toThrow(
      /loop\.gguf .*its chat template fails/,
    );
  });

  it('gets as many sequences as have room for a thought each', () => {
    expect(roomOf({ kvBytesPerToken: 12_288, contextLength: 32_768 }, 256)).toEqual({
      sequences: 4,
      contextLength: 5376,
    });
    expect(roomOf({ kvBytesPerToken: 57_344, contextLength: 32_768 }, 256)).toEqual({
      sequences: 2,
      contextLength: 2304,
    });
    expect(roomOf({ kvBytesPerToken: 12_288, contextLength: 2048 }, 256, 8)).toEqual({
      sequences: 8,
      contextLength: 2048,
    });
    expect(roomOf({ kvBytesPerToken: 131_072, contextLength: 8192 }, 64)).toEqual({ sequences: 1, contextLength: 512 });
  });
});

describe('where a GGUF model lies', () => {
  it('is a file, its parts, or a folder with one of them', () => {
    const parts = join(folder, 'parts');
    mkdirSync(parts, { recursive: true });
    const names = ['big-00001-of-00002.gguf', 'big-00002-of-00002.gguf', 'mmproj-big.gguf'];
    for (const name of names) writeFileSync(join(parts, name), whole);
    expect(isGguf(parts)).toBe(true);
    expect(ggufFiles(parts).all).toEqual(names.slice(0, 2).map((name) => join(parts, name)));
    expect(ggufId('/models/big-00001-of-00002.gguf')).toBe('big');
    rmSync(join(parts, names[1] ?? ''));
    expect(() => ggufFiles(parts)).toThrow(/big-00002-of-00002\.gguf is missing: the model has 2 parts/);
    writeFileSync(join(parts, 'other.gguf'), whole);
    expect(() => ggufFiles(parts)).toThrow(/has several models; name one: big-00001-of-00002\.gguf, other\.gguf/);
  });

  it('is found through the manifest of Ollama', () => {
    const models = join(folder, 'ollama');
    const digest = 'a'.repeat(64);
    const manifests = join(models, 'manifests', 'registry.ollama.ai', 'library', 'qwen3');
    mkdirSync(manifests, { recursive: true });
    mkdirSync(join(models, 'blobs'));
    writeFileSync(join(models, 'blobs', `sha256-${digest}`), whole);
    const layers = [
      { mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${digest}`, size: whole.length },
    ];
    writeFileSync(join(manifests, '0.6b'), JSON.stringify({ layers }));
    vi.stubEnv('OLLAMA_MODELS', models);
    expect(ggufFiles('ollama:qwen3:0.6b').first).toBe(join(models, 'blobs', `sha256-${digest}`));
    expect(ggufId('ollama:qwen3:0.6b')).toBe('qwen3-0.6b');
    expect(() => ggufFiles('ollama:qwen3')).toThrow(/no such model on this machine; `ollama pull qwen3`/);
    expect(() => ggufFiles('ollama:../../etc/passwd')).toThrow(/not a name of an Ollama model/);
    writeFileSync(join(manifests, 'latest'), JSON.stringify({ layers: [{ ...layers[0], digest: 'sha256:../../x' }] }));
    expect(() => ggufFiles('ollama:qwen3')).toThrow(/names no weights/);
    const adapter = { mediaType: 'application/vnd.ollama.image.adapter', digest: `sha256:${digest}`, size: 1 };
    writeFileSync(join(manifests, 'tuned'), JSON.stringify({ layers: [...layers, adapter] }));
    expect(() => ggufFiles('ollama:qwen3:tuned')).toThrow(/has an adapter/);
    vi.unstubAllEnvs();
  });
});

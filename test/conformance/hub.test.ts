import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchHubModel, type HubOptions, type HubProgress } from '../../src/models/local/folder/hub.ts';
import { lockFolder } from '../../src/queue/embedded/data-folder.ts';
import { ptyCli } from '../support/cli.ts';
import { startLocalHub } from '../support/local-hub.ts';

const name = 'test-org/little-model';
const small = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'generation_config.json'];
const weights = randomBytes(300_000);

let scratch: string;
let hub: Awaited<ReturnType<typeof startLocalHub>>;
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'thinkfirst-hub-'));
  const source = join(scratch, 'source');
  mkdirSync(join(source, 'onnx'), { recursive: true });
  for (const file of small) writeFileSync(join(source, file), '{}');
  writeFileSync(join(source, 'README.md'), 'not needed');
  writeFileSync(join(source, 'onnx', 'model_fp16.onnx'), 'not the best');
  writeFileSync(join(source, 'onnx', 'model_q4.onnx'), 'a graph');
  writeFileSync(join(source, 'onnx', 'model_q4.onnx_data'), weights);
  hub = await startLocalHub(name, source);
});
afterEach(async () => {
  await hub.close();
  rmSync(scratch, { recursive: true, force: true });
});

const fetchIt = (changes: Partial<HubOptions> = {}, named = name) =>
  fetchHubModel(named, {
    endpoint: hub.url,
    cache: join(scratch, 'cache'),
    weights: true,
    lock: lockFolder,
    pause: async () => {},
    ...changes,
  });

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(json|onnx\w*|part)$/.test(file));

/** What went to the storage of large files, by the range that was asked for. */
const ranges = () => hub.requests.filter(({ host }) => host === 'storage').map(({ range }) => range);

describe('a model of the hub', () => {
  it('is downloaded with what it needs and nothing else, and shows how far it is', async () => {
    const progress: HubProgress[] = [];
    const folder = await fetchIt({ onProgress: (one) => progress.push(one) });
    expect(filesIn(folder).sort()).toEqual(
      ['.thinkfirst-files.json', ...small, 'onnx/model_q4.onnx', 'onnx/model_q4.onnx_data'].sort(),
    );
    expect(readFileSync(join(folder, 'onnx/model_q4.onnx_data')).equals(weights)).toBe(true);
    const total = weights.length + 'a graph'.length + 2 * small.length;
    expect(progress.at(-1)).toEqual({ name, done: total, total });
    expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).toSorted((a, b) => a - b));
  });

  it('is there without a network from then on', async () => {
    const folder = await fetchIt();
    const asked = hub.requests.length;
    expect(await fetchIt()).toBe(folder);
    expect(hub.requests).toHaveLength(asked);
    await hub.close();
    expect(await fetchIt()).toBe(folder);
    hub = await startLocalHub(name, join(scratch, 'source'));
  });

  it('has no weights where another process runs it, and gets them when it is to run here', async () => {
    const folder = await fetchIt({ weights: false });
    expect(existsSync(join(folder, 'onnx'))).toBe(false);
    await fetchIt();
    expect(existsSync(join(folder, 'onnx/model_q4.onnx_data'))).toBe(true);
  });

  it('is resumed where a connection broke, and by a later start', async () => {
    hub.faults.cuts = [100_000];
    await fetchIt();
    expect(ranges()).toEqual([undefined, 'bytes=100000-']);
    rmSync(join(scratch, 'cache'), { recursive: true });
    hub.requests.length = 0;
    hub.faults.cuts = [100_000, 0, 0, 0, 0];
    await expect(fetchIt()).rejects.toMatchObject({
      code: 'model_unavailable',
      message: expect.stringMatching(
        /model_q4\.onnx_data stopped at 100000 of 300000 bytes: .*The next start resumes it there\.$/,
      ),
    });
    hub.requests.length = 0;
    const folder = await fetchIt();
    expect(ranges()).toEqual(['bytes=100000-']);
    expect(readFileSync(join(folder, 'onnx/model_q4.onnx_data')).equals(weights)).toBe(true);
  });

  it('is given up at once when nobody wants it any more, and a later start resumes it', async () => {
    const [removed, waiting] = [new AbortController(), new AbortController()];
    let others: Promise<unknown> | undefined;
    const reason = new Error('removed');
    const onProgress = ({ done }: HubProgress) => {
      if (done < 100) return;
      // Another process waits for this one's download, and is given up as well.
      others ??= fetchIt({ signal: waiting.signal, pause: async () => waiting.abort(reason) }).catch((error) => error);
      removed.abort(reason);
    };
    await expect(fetchIt({ signal: removed.signal, onProgress })).rejects.toBe(reason);
    expect(await others).toBe(reason);
    expect(existsSync(join(scratch, 'cache', name, '.thinkfirst-files.json'))).toBe(false);
    await fetchIt();
    expect(readFileSync(join(scratch, 'cache', name, 'onnx/model_q4.onnx_data')).equals(weights)).toBe(true);
  });

  it('is downloaded from the start where the hub gives no ranges', async () => {
    hub.faults.cuts = [100_000];
    hub.faults.ignoresRanges = true;
    const folder = await fetchIt();
    expect(readFileSync(join(folder, 'onnx/model_q4.onnx_data')).equals(weights)).toBe(true);
  });

  it('is downloaded again once, where another file arrives than the hub lists', async () => {
    hub.faults.spoilt = 1;
    const folder = await fetchIt();
    expect(readFileSync(join(folder, 'onnx/model_q4.onnx_data')).equals(weights)).toBe(true);
    rmSync(folder, { recursive: true });
    hub.faults.spoilt = 9;
    await expect(fetchIt()).rejects.toThrow(/model_q4\.onnx_data stopped .*checksum of the download differs/);
    expect(filesIn(folder).filter((file) => file.includes('onnx_data'))).toEqual([]);
  });

  it('is compared by its length where the hub lists neither sizes nor sums', async () => {
    hub.faults.withoutBlobs = true;
    hub.faults.cuts = [100_000];
    const folder = await fetchIt();
    expect(readFileSync(join(folder, 'onnx/model_q4.onnx_data')).equals(weights)).toBe(true);
  });

  it('is downloaded by one of two processes', async () => {
    await Promise.all([
      fetchIt({ pause: () => new Promise(setImmediate) }),
      fetchIt({ pause: () => new Promise(setImmediate) }),
    ]);
    expect(ranges()).toEqual([undefined]);
  });

  it('is read with HF_TOKEN, which no other host gets', async () => {
    hub.faults.key = 'hf_secret';
    await fetchIt({ token: 'hf_secret' });
    const keys = (host: string) => new Set(hub.requests.filter((one) => one.host === host).map(({ key }) => key));
    expect(keys('hub')).toEqual(new Set(['Bearer hf_secret']));
    expect(keys('storage')).toEqual(new Set([undefined]));
  });

  it.each<[string, (faults: typeof hub.faults) => void, Partial<HubOptions>, string, RegExp]>([
    [
      'a slip in its name',
      () => {},
      {},
      'test-org/litle-model',
      /has no such model; the nearest name there is test-org\/little-model\.$/,
    ],
    ['no name like it', () => {}, {}, 'nobody/something', /has no such model, or it is private; set HF_TOKEN\.$/],
    ['no token', (faults) => Object.assign(faults, { key: 'k' }), {}, name, /or it is private; set HF_TOKEN\.$/],
    [
      'a wrong token',
      (faults) => Object.assign(faults, { key: 'k' }),
      { token: 'no' },
      name,
      /the key in HF_TOKEN may not read it\.$/,
    ],
    [
      'no consent',
      (faults) => Object.assign(faults, { gated: true }),
      {},
      name,
      /accept its terms at http\S+\/test-org\/little-model, and set HF_TOKEN/,
    ],
    ['no tokenizer', (faults) => faults.without.push('tokenizer.json'), {}, name, /it has no tokenizer\.json at http/],
    [
      'no ONNX weights',
      (faults) => faults.without.push('onnx/model_q4.onnx', 'onnx/model_fp16.onnx'),
      {},
      name,
      /it has no ONNX weights \(model_q4\.onnx, .*often onnx-community\/little-model-ONNX\.$/,
    ],
    [
      'no hub',
      () => {},
      { endpoint: 'http://127.0.0.1:1' },
      name,
      /http:\/\/127\.0\.0\.1:1 can't be reached \(.*HF_ENDPOINT/,
    ],
  ])('says in one line what is the matter: %s', async (_what, spoil, options, named, message) => {
    spoil(hub.faults);
    const error = await fetchIt(options, named).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'model_unavailable', retryable: false });
    expect(String(error)).toMatch(message);
    expect(String(error)).not.toContain('\n');
  });
});

it('is named in a command: a bar while it comes, then an answer, and no second download', async () => {
  const embedded = await startLocalHub('test-org/thinkfirst-135m', 'models/thinkfirst-135m');
  const environment = { HF_ENDPOINT: embedded.url, THINKFIRST_HUB_CACHE: join(scratch, 'cache') };
  try {
    const check = () => ptyCli(['models', 'check', 'test-org/thinkfirst-135m'], { environment });
    const first = check();
    await first.saw(/Downloading test-org\/thinkfirst-135m \[=*-*\] \d+ % of 105 MB/);
    await first.saw(/✓ thinkfirst-135m loaded[\s\S]*fast {6}What is 132 × 6\? \S/);
    expect(await first.ended).toBe(0);
    const asked = embedded.requests.length;
    const second = check();
    expect(await second.ended).toBe(0);
    expect(second.raw()).not.toContain('Downloading');
    expect(embedded.requests).toHaveLength(asked);
  } finally {
    await embedded.close();
  }
});

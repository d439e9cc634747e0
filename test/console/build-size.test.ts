import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { buildConsole } from '../../src/entry/http/open-console.ts';

const limitBytes = 400_000;
/** The frame and React; a view comes on top when it is opened. */
const firstLimitBytes = 130_000;

describe('the built console', () => {
  it('stays within 400 kB of compressed script, and its first script small; nothing is inline or from elsewhere', async () => {
    const folder = await buildConsole();
    const sizes = readdirSync(join(folder, 'assets'))
      .filter((name) => name.endsWith('.js'))
      .map((name) => ({ name, bytes: gzipSync(readFileSync(join(folder, 'assets', name))).length }));
    expect(sizes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(limitBytes);
    const page = readFileSync(join(folder, 'index.html'), 'utf8');
    const first = sizes.filter(({ name }) => page.includes(name));
    expect(first.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(firstLimitBytes);
    expect(page).not.toMatch(/<script(?![^>]*\bsrc="\/)|<style|https?:\/\//);
  }, 60_000);
});

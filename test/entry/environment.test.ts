import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Environment, parseEnvironment } from '../../src/entry/environment.ts';

describe('environment', () => {
  it('needs no variable', () => {
    expect(parseEnvironment({})).toMatchObject({ HOST: '127.0.0.1', PORT: 8080, THINKFIRST_DEFAULT_EFFORT: 'medium' });
  });

  it('takes an empty variable as absent', () => {
    expect(parseEnvironment({ PORT: '', REDIS_URL: '' })).toMatchObject({ PORT: 8080 });
  });

  it.each([
    [{ PORT: 'http' }, 'PORT'],
    [{ PORT: '70000' }, 'PORT'],
    [{ REDIS_URL: 'localhost:6379' }, 'REDIS_URL'],
    [{ THINKFIRST_DEFAULT_EFFORT: 'hard' }, 'THINKFIRST_DEFAULT_EFFORT'],
    [{ THINKFIRST_KV_MB: '1' }, 'THINKFIRST_KV_MB'],
    [{ THINKFIRST_KV_BITS: '16' }, 'THINKFIRST_KV_BITS'],
    [{ THINKFIRST_OPEN: 'yes' }, 'THINKFIRST_OPEN'],
  ])('names a bad variable: %j', (variables, name) => {
    expect(() => parseEnvironment(variables)).toThrowError(name);
  });

  it.each([
    [{ PORT: 'abc' }, 'PORT: expected a whole number from 0 to 65535, not "abc".'],
    [{ THINKFIRST_LOG_LEVEL: 'loud' }, /THINKFIRST_LOG_LEVEL: expected one of "silent".*, not "loud"\.$/],
    [{ THINKFIRST_SECRET: 'tooshort' }, 'THINKFIRST_SECRET: must have at least 16 characters.'],
    [{ REDIS_URL: 'user:secret@redis' }, 'REDIS_URL: must begin with redis:// or rediss://.'],
  ])('says what was expected and what was given, unless it is secret: %j', (variables, text) => {
    expect(() => parseEnvironment(variables)).toThrowError(text);
  });

  it('is listed in .env.example, every variable and no other', () => {
    const example = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8');
    const listed = [...example.matchAll(/^#?([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(Object.keys(Environment.shape).sort());
  });
});

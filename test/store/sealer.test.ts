import { expect, test } from 'vitest';
import { createSealer } from '../../src/store/sealer.ts';

const sealer = createSealer(Buffer.from('a secret of tests'));
const thought = 'a thought 😀';
const sealed = sealer.seal(thought, 'alice');

test('its owner’s seal opens, and shows nothing of the text', () => {
  expect(sealer.open(sealed, 'alice')).toBe(thought);
  expect(Buffer.from(sealed.slice(3), 'base64url').includes('thought')).toBe(false);
  expect(sealer.seal(thought, 'alice')).not.toBe(sealed);
});

test.each([
  ['another owner', () => sealer.open(sealed, 'bob')],
  ['no owner', () => sealer.open(sealed, null)],
  ['another secret', () => createSealer(Buffer.from('another secret')).open(sealed, 'alice')],
  ['a changed byte', () => sealer.open(`${sealed.slice(0, -3)}AAA`, 'alice')],
  ['a cut', () => sealer.open(sealed.slice(0, 20), 'alice')],
  ['another version', () => sealer.open(sealed.replace('v1.', 'v2.'), 'alice')],
])('%s does not open it', (_name, open) => {
  expect(open()).toBeUndefined();
});

test('a mac depends on text and secret alone', () => {
  expect(sealer.mac('a')).toBe(createSealer(Buffer.from('a secret of tests')).mac('a'));
  expect(sealer.mac('a')).not.toBe(sealer.mac('b'));
  expect(sealer.mac('a')).toMatch(/^[\w-]{43}$/);
});

import { expect, it } from 'vitest';
import { createStopScanner } from '../../src/models/stop-scanner.ts';

function scan(stops: string[], pieces: readonly string[]): { text: string; stopped: boolean } {
  const scanner = createStopScanner(stops);
  let text = '';
  for (const piece of pieces) {
    const result = scanner.push(piece);
    text += result.text;
    if (result.stopped) return { text, stopped: true };
  }
  return { text: text + scanner.end(), stopped: false };
}

it.each([
  [['END'], 'one END two', 'one ', true],
  [['END', 'ne'], 'one END two', 'o', true],
  [['ENDE'], 'one END', 'one END', false],
  [['aab'], 'aaab', 'a', true],
  [[], 'anything', 'anything', false],
  [[''], 'anything', 'anything', false],
])('%j in %s', (stops, text, expected, stopped) => {
  expect(scan(stops, [text])).toEqual({ text: expected, stopped });
  expect(scan(stops, [...text])).toEqual({ text: expected, stopped });
});

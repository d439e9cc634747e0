import { expect, test } from 'vitest';
import { parseNotice } from '../../../src/queue/responses/notices.ts';

test.each([
  ['log resp_a', { type: 'log', id: 'resp_a' }],
  ['log resp_a 7', { type: 'log', id: 'resp_a', change: { from: 7, rows: [] } }],
  ['log resp_a 7\n{"a b":1}\n{}', { type: 'log', id: 'resp_a', change: { from: 5, rows: ['{"a b":1}', '{}'] } }],
  ['waiting responses.tiny.flex', { type: 'waiting', queue: 'responses.tiny.flex' }],
  ['control resp_a cancel', { type: 'control', id: 'resp_a', command: 'cancel' }],
  ['control resp_a answer_now', { type: 'control', id: 'resp_a', command: 'answer_now' }],
  ['control resp_a of_a_newer_version', { type: 'missed' }],
  ['control resp_a', { type: 'missed' }],
  ['log', { type: 'missed' }],
  ['of a newer version', { type: 'missed' }],
  ['', { type: 'missed' }],
])('the notice %j', (text, notice) => {
  expect(parseNotice(text)).toEqual(notice);
});

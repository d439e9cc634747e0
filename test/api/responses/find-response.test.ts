import { expect, it } from 'vitest';
import { responseNotFound } from '../../../src/api/responses/response-view.ts';

it.each([
  ['resp_1', "There is no response 'resp_1'."],
  ['xx', "There is no response 'xx'."],
  ['x'.repeat(1_000), `There is no response '${'x'.repeat(128)}'.`],
])('names the id that was asked for, whatever it looks like, and not without end', (id, message) => {
  expect(responseNotFound(id).message).toBe(message);
});

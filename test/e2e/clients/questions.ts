import { z } from 'zod';

/** Short, so that the suites are about the clients and not about the model. */
export const ask = 'What is 12 + 30?';

export const Sum = z.object({ a: z.int(), b: z.int() });

export const sumTool = {
  name: 'add',
  description: 'Adds two whole numbers.',
  parameters: {
    type: 'object' as const,
    properties: { a: { type: 'integer' }, b: { type: 'integer' } },
    required: ['a', 'b'],
    additionalProperties: false,
  },
};

export const weatherTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Gives the weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineCheck, pass } from '../../../src/checks/check.ts';
import { checksOption } from '../../../src/reasoning/strategies/checks-option.ts';

const most = z.int().nonnegative();
const make = (name: string, options: z.ZodObject) =>
  defineCheck({ name, description: '', judges: 'value', options, run: () => pass('') });
const Option = checksOption([
  make('plain', z.object({ most })),
  make('strict', z.strictObject({ most })),
  make('loose', z.looseObject({ most })),
  make(
    'ordered',
    z.object({ least: most, most }).refine(({ least, most }) => least <= most, { path: ['least'], error: 'too much' }),
  ),
]);
const faults = (given: object) =>
  (Option.safeParse([given]).error?.issues ?? []).map(({ code, path }) => [code, ...path]);

describe('a check of one’s own', () => {
  it.each([
    [{ type: 'plain', most: 1 }, []],
    [{ type: 'plain' }, [['invalid_type', 0, 'most']]],
    [{ type: 'plain', most: 1, more: 2 }, [['unrecognized_keys', 0]]],
    [{ type: 'strict', most: 1 }, []],
    [{ type: 'strict', most: 1, more: 2 }, [['unrecognized_keys', 0]]],
    [{ type: 'loose', most: 1, more: 2 }, []],
    [{ type: 'loose', most: -1 }, [['too_small', 0, 'most']]],
    [{ type: 'ordered', least: 1, most: 2 }, []],
    [{ type: 'ordered', least: 3, most: 2 }, [['custom', 0, 'least']]],
    [{ type: 'other' }, [['invalid_union', 0, 'type']]],
  ])('is judged by its schema: %j', (given, expected) => {
    expect(faults(given)).toEqual(expected);
  });
});

import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createStatements } from '../../../src/queue/embedded/prepared-statements.ts';

describe('prepared statements', () => {
  let db: PGlite;
  let query: ReturnType<typeof createStatements>;
  beforeAll(async () => {
    db = await PGlite.create();
    await db.exec('CREATE TABLE job (id text PRIMARY KEY, seq bigint, tags text[], data jsonb, held boolean)');
    query = createStatements(db);
  });
  afterAll(() => db.close());

  test('give the rows that PGlite itself gives', async () => {
    const insert = 'INSERT INTO job VALUES ($1, $2, $3, $4, $5)';
    expect(await query(insert, ['a', 7, ['x', 'y, "z"'], { text: 'né' }, true])).toEqual({ rows: [], affectedRows: 1 });
    await query(insert, ['b', null, [], null, undefined]);
    const select = 'SELECT *, count(*) OVER () AS many, seq::float8 AS real FROM job WHERE id <> $1 ORDER BY id';
    const { rows } = await query(select, ['none']);
    expect(rows).toHaveLength(2);
    expect(rows).toEqual((await db.query(select, ['none'])).rows);
    expect(await query('UPDATE job SET held = $1', [false])).toEqual({ rows: [], affectedRows: 2 });
  });

  test('one that fails throws, and the next one runs', async () => {
    const text = 'SELECT $1::bigint AS value';
    await expect(query(text, ['no number'])).rejects.toThrow('invalid input syntax');
    await expect(query('SELECT nothing($1)', [1])).rejects.toThrow('does not exist');
    expect((await query(text, ['12'])).rows).toEqual([{ value: 12 }]);
  });

  test('see a table that was changed after they were prepared', async () => {
    const text = 'SELECT id FROM job WHERE id = $1';
    await query(text, ['a']);
    await db.exec('CREATE INDEX job_seq ON job (seq)');
    expect((await query(text, ['a'])).rows).toEqual([{ id: 'a' }]);
  });
});

import { readFileSync } from 'node:fs';

export type HostileCase = { name: string; code: string; ends: readonly string[] };

/** Cases of a text file: `### name | ways to end`, and the code up to the next. */
export function hostileCases(file: string, values: Readonly<Record<string, string>>): HostileCase[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return text
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      const [name = '', ends = ''] = section.slice(0, end).split(' | ');
      const code = section.slice(end + 1).replace(/\{\{(\w+)\}\}/g, (_, key: string) => {
        const value = values[key];
        if (value === undefined) throw new Error(`${name}: nothing fills {{${key}}}`);
        return value;
      });
      return { name, code, ends: ends.split(' ') };
    });
}

import { readFileSync } from 'node:fs';

/** `timeMs`: short for what never ends; what ends by itself has the time that a busy machine takes for it. */
export type HostileCase = { name: string; code: string; ends: readonly string[]; timeMs: number };

/** Cases of a text file: `### name | ways to end`, and the code up to the next. On a busy machine any may run out of time. */
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
      const listed = ends.split(' ');
      return { name, code, ends: [...listed, 'timeout'], timeMs: listed.includes('timeout') ? 1_000 : 10_000 };
    });
}

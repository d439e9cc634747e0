import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/cli-error.ts';
import { createProgram } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import effortTable from '../../src/models/config/effort-tables/thinkfirst-135m.json' with { type: 'json' };
import { anchors, commands, links, type Page, pages, root } from './markdown.ts';

const all = pages();
const scripts = Object.keys(JSON.parse(readFileSync(`${root}package.json`, 'utf8')).scripts);
const program = createProgram(createTerminal({ colour: false, variables: {} }));
/** Those that pass their words on to a script with options of its own. */
const passing = ['eval', 'calibrate'];

describe.each(all.map((page) => [page.path, page] as const))('%s', (_, page) => {
  it('has no link that leads nowhere', () => {
    expect(links(page).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('names no `npm run` script that is not there', () => {
    const named = commands(page, ['npm run']).map((command) => command.split(/\s+/)[2] ?? '');
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it('names no command or option of thinkfirst that is not there', () => {
    expect(commands(page, ['thinkfirst', 'npx thinkfirst']).flatMap(unknownIn)).toEqual([]);
  });
});

describe('docs/cli.md', () => {
  const page = all.find(({ path }) => path === 'docs/cli.md');

  it('lists every command', () => {
    const missing = program.commands.map((command) => command.name()).filter((name) => name !== 'complete');
    expect(missing.filter((name) => !page?.text.includes(`thinkfirst ${name}`))).toEqual([]);
  });

  it('lists every exit code', () => {
    const listed = [...(page?.text ?? '').matchAll(/^\| (\d+) \| `(\w+)`/gm)].map(([, code, name]) => [
      name,
      Number(code),
    ]);
    expect(Object.fromEntries(listed)).toEqual(exitCodes);
  });
});

describe('docs/concepts.md', () => {
  it('gives the limits of the embedded model’s effort table', () => {
    const text = all.find(({ path }) => path === 'docs/concepts.md')?.text ?? '';
    const rows = text.matchAll(/^\| `(\w+)`[^|]*\| ([\d,]+) \| (\d+) \| (\d*) ?\| (\d+) \|$/gm);
    const shown = [...rows].map(([, effort = '', budget = '', samples, agree, revisions]) => [
      effort,
      [budget.replace(',', ''), samples, agree === '' ? '1' : agree, revisions].map(Number),
    ]);
    const levels = Object.entries(effortTable.levels).map(([effort, level]) => [
      effort,
      [level.budget_tokens, level.samples, level.agree, level.max_revisions],
    ]);
    expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(levels));
  });
});

function leadsSomewhere(from: Page, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from.path : normalize(join(dirname(from.path), path));
  if (!existsSync(join(root, target))) return false;
  const page = all.find((each) => each.path === target);
  return anchor === undefined || page === undefined || anchors(page).includes(anchor);
}

/** What of a command line there isn't: a subcommand, an option. */
function unknownIn(line: string): string[] {
  const words = (line.replace(/^npx /, '').match(/"[^"]*"|'[^']*'|\S+/g) ?? []).slice(1);
  let command: Command = program;
  const unknown: string[] = [];
  for (const word of words) {
    if (passing.includes(command.name())) return unknown;
    if (command === program && word === 'help') continue;
    const inner = command.commands.find((each) => each.name() === word);
    if (inner) command = inner;
    else if (/^--?[a-z]/.test(word) && !knows(command, word.split('=')[0] ?? '')) unknown.push(`${line}: ${word}`);
    else if (command === program && /^[a-z][a-z-]*$/.test(word)) unknown.push(`${line}: ${word}`);
  }
  return unknown;
}

function knows(command: Command, option: string): boolean {
  // `jobs --watch` is `jobs list --watch`; `help` was passed over.
  const standing = command.commands.filter((each) => ['list', 'help'].includes(each.name()));
  const options = [command, ...standing, program].flatMap((each) => each.options);
  return ['--help', '-h'].includes(option) || options.some(({ long, short }) => long === option || short === option);
}

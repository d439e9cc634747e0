import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { codexProgramOrReason, runCodex } from '../../support/codex-program.ts';
import { testCache } from '../../support/python-environment.ts';
import type { FeatureTable } from './feature-table.ts';

/** A model id whose settings Codex brings along: it is offered other tools, as items of the input. */
export const knownToCodex = 'gpt-6.2-sol';

/** A line of `codex exec --json`. */
const Line = z.looseObject({
  type: z.string(),
  item: z
    .looseObject({
      type: z.string(),
      text: z.string().optional(),
      exit_code: z.int().nullish(),
      message: z.string().optional(),
    })
    .optional(),
  message: z.string().optional(),
  error: z.looseObject({ message: z.string() }).nullish(),
});

/** The settings and the command of `docs/clients.md`. */
function documented(): { settings: string; command: readonly string[]; prompt: string } {
  const page = readFileSync(new URL('../../../docs/clients.md', import.meta.url), 'utf8');
  const [, section = ''] = /\n## Codex\n([\s\S]*?)(?=\n## |$)/.exec(page) ?? [];
  const [, settings = ''] = /```toml\n([\s\S]*?)```/.exec(section) ?? [];
  const [, options = '', prompt = ''] = /^codex (exec .*) "(.*)"$/m.exec(section) ?? [];
  return { settings, command: options.split(' '), prompt };
}

/** Codex CLI as `docs/clients.md` sets it up: with the scripted model that works at a shell, and the embedded one. */
export async function codexSuite({ feature }: FeatureTable, url: () => string): Promise<void> {
  const name = '@openai/codex';
  const program = await codexProgramOrReason();
  const path = 'path' in program ? program.path : '';
  const noSandbox = 'path' in program ? program.noSandbox : undefined;
  const { settings, command, prompt } = documented();
  const small = 'thinkfirst-135m';

  describe.skipIf('reason' in program)(name, () => {
    let home = '';
    let folder = '';
    beforeAll(async () => {
      // Not under the system's folder for temporary files, which Codex's sandbox lets commands write to.
      await mkdir(testCache, { recursive: true });
      home = await mkdtemp(join(testCache, 'codex-home-'));
      folder = await mkdtemp(join(tmpdir(), 'thinkfirst-codex-'));
      execFileSync('git', ['init', '--quiet', folder]);
      await writeFile(join(folder, 'seen.txt'), '');
      await writeFile(join(home, 'config.toml'), settings.replace(/^base_url = .*$/m, `base_url = "${url()}/v1"`));
    });
    afterAll(async () => {
      await rm(home, { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    });

    /** The documented command. Codex's defaults hold but for `more`, and its sandbox where there can be none. */
    const codex = async (model: string, asked: string, more: readonly string[] = []) => {
      const free = command.map((word) => (noSandbox && word === 'workspace-write' ? 'danger-full-access' : word));
      const { code, stdout, stderr } = await runCodex(path, [...free, '--json', '-m', model, ...more, asked], {
        home,
        folder,
      });
      const lines = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [Line.parse(JSON.parse(line))] : []));
      const items = lines.flatMap(({ type, item }) => (type === 'item.completed' && item ? [item] : []));
      const faults = lines.flatMap(({ type, message, error }) =>
        type === 'error' || type === 'turn.failed' ? [message ?? error?.message ?? ''] : [],
      );
      return {
        code,
        items,
        faults,
        said: items.findLast(({ type }) => type === 'agent_message')?.text ?? '',
        // For the reader of a test that failed.
        output: stdout + stderr,
      };
    };

    it.skipIf(noSandbox !== undefined)(
      `keeps commands in its sandbox${noSandbox ? ` (${noSandbox})` : ''}`,
      async () => {
        const outside = join(home, 'outside');
        const { code } = await runCodex(path, ['sandbox', '--', 'touch', outside], { home, folder });
        expect([code, existsSync(outside)]).toEqual([1, false]);
      },
    );

    feature(name, 'answer', async () => {
      // Its own instructions leave the embedded model no room, and of its tools a few are enough here.
      await writeFile(join(home, 'short.md'), 'Answer briefly.');
      const instructions = `model_instructions_file="${join(home, 'short.md')}"`;
      const fewer = ['multi_agent', 'goals'].flatMap((tools) => ['--disable', tools]);
      const short = ['-c', instructions, '-c', 'model_reasoning_effort="none"', ...fewer];
      const { code, faults, said, output } = await codex(small, 'What is 12 + 30?', short);
      expect([code, faults], output).toEqual([0, []]);
      expect(said).toMatch(/./);
    });

    feature(name, 'thinking', async () => {
      const { items, output } = await codex('capable', 'Begin.');
      expect(
        items.map(({ type }) => type),
        output,
      ).toContain('reasoning');
    });

    feature(name, 'tools', async () => {
      for (const model of ['capable', knownToCodex]) {
        const { code, items, faults, said, output } = await codex(model, prompt);
        expect([code, faults], output).toEqual([0, []]);
        expect(await readFile(join(folder, 'note.txt'), 'utf8')).toContain('seen.txt');
        const commands = items.filter(({ type }) => type === 'command_execution');
        expect(commands.map(({ exit_code }) => exit_code)).toEqual([0, 0]);
        expect(said).toContain('My tools say');
        await rm(join(folder, 'note.txt'));
      }
    });

    feature(name, 'structured output', async () => {
      const schema = { type: 'object', properties: { note: { type: 'string' } }, required: ['note'] };
      await writeFile(join(home, 'schema.json'), JSON.stringify({ ...schema, additionalProperties: false }));
      const { faults, said, output } = await codex('capable', prompt, ['--output-schema', join(home, 'schema.json')]);
      expect(faults, output).toEqual([]);
      expect(JSON.parse(said)).toEqual({ note: 'done' });
    });

    feature(name, 'errors', async () => {
      const unknown = await codex('none', prompt);
      expect(unknown.code).toBe(1);
      expect(unknown.faults.at(-1), unknown.output).toContain("The model 'none' does not exist");
      const long = await codex(small, prompt);
      expect(long.code).toBe(1);
      expect(long.faults.at(-1), long.output).toMatch(/ran out of room in the model's context window/);
    });

    feature(name, 'sessions', async () => {
      await codex('capable', 'The word is heron.');
      const { faults, said, output } = await codex('capable', 'Which word?', ['resume', '--last']);
      expect(faults, output).toEqual([]);
      expect(said).toContain('The word is heron.');
    });
  });
}

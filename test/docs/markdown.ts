import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A page with its path from the root. */
export type Page = { path: string; text: string };

/** The pages that people read: README, ARCHITECTURE, docs/. */
export function pages(): Page[] {
  const names = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' });
  const docs = names.filter((name) => name.endsWith('.md')).map((name) => `docs/${name.replaceAll('\\', '/')}`);
  return ['README.md', 'ARCHITECTURE.md', ...docs].map((path) => ({
    path,
    text: readFileSync(`${root}${path}`, 'utf8'),
  }));
}

/** Fenced blocks of a language ('' for none). */
export function blocks({ text }: Page, language: string): string[] {
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].flatMap(([, tag = '', body = '']) =>
    tag.trim() === language ? [body] : [],
  );
}

/** Commands of `sh` blocks and of `$ ` lines in blocks without a language, and inline code that begins with one of `programs`. */
export function commands(page: Page, programs: readonly string[]): string[] {
  const lines = [
    ...blocks(page, 'sh').flatMap((block) => block.split('\n')),
    ...blocks(page, '').flatMap((block) =>
      block.split('\n').flatMap((line) => (line.startsWith('$ ') ? [line.slice(2)] : [])),
    ),
    ...[...page.text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code),
  ];
  return lines.flatMap((line) =>
    line
      .replace(/\s+#.*$/, '')
      .split(/\s*(?:&&|\|)\s*/)
      .map((part) => part.trim().replace(/^(?:[A-Z_]+=\S*\s+)+/, ''))
      .filter((part) => programs.some((program) => part === program || part.startsWith(`${program} `))),
  );
}

/** Relative links and images with their anchors. */
export function links({ text }: Page): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to));
}

/** The anchors that GitHub gives a page's headings. */
export function anchors({ text }: Page): string[] {
  return [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fillMarkers } from '../../eval/figures/fill-markers.ts';
import { figureSections } from '../../eval/figures/sections.ts';
import { publishedReports, staleFigures } from '../../eval/figures/write-figures.ts';
import { sideBySide } from '../../eval/take/before-and-after.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

it('the README files and the card have the figures of eval/results (npm run eval:figures writes them)', {
  timeout: 60_000,
}, async () => {
  expect((await staleFigures(root)).map(({ path }) => path)).toEqual([]);
});

describe('fillMarkers', () => {
  const sections = new Map([['one', '| a |']]);

  it('fills a block and a place within a line, and the same again', () => {
    const text = 'x\n<!-- figures:one -->\nold\n<!-- /figures -->\ny <!-- figures:one -->old<!-- /figures -->.';
    const filled = fillMarkers(text, sections);
    expect(filled).toBe(
      'x\n<!-- figures:one -->\n\n| a |\n\n<!-- /figures -->\ny <!-- figures:one -->| a |<!-- /figures -->.',
    );
    expect(fillMarkers(filled, sections)).toBe(filled);
  });

  it.each([
    ['<!-- figures:two --><!-- /figures -->', 'there are no figures two'],
    ['<!-- figures:one -->', 'has no end'],
  ])('refuses %s', (text, message) => {
    expect(() => fillMarkers(text, sections)).toThrow(message);
  });
});

describe('the figures', () => {
  it('say so where the weights are others, and leave them out of the card', async () => {
    const [report] = await publishedReports(root);
    if (report === undefined) throw new Error('no report');
    const of = (weights: string) =>
      figureSections([{ ...report, set: 'generated', model: 'm', weights }], { model: 'm', weights: 'new' });
    expect(of('new').get('generated')).not.toContain('earlier weights');
    expect(of('new').get('card')).toContain('| generated |');
    expect(of('old').get('generated')).toContain('earlier weights');
    expect(of('old').get('card')).toBe('Not measured yet.');
  });

  it('stand side by side, by set and effort', async () => {
    const before = await publishedReports(root);
    const after = before.map((report) => ({
      ...report,
      arms: report.arms.map((arm) => ({ ...arm, accuracy: { ...arm.accuracy, value: arm.accuracy.value + 0.01 } })),
    }));
    const [first] = before.filter(({ model }) => model === 'thinkfirst-135m');
    const table = sideBySide({ before, after, model: 'thinkfirst-135m' }).split('\n').slice(2);
    expect(table.length).toBeGreaterThan(0);
    expect(table[0]).toContain(`| ${first?.set} | none |`);
    expect(table.every((line) => line.includes('| 1.0 |'))).toBe(true);
  });
});

it('each page of figures has its markers', async () => {
  const pages = ['README.md', 'eval/README.md', 'eval/sets/README.md'];
  const texts = await Promise.all(pages.map((page) => readFile(`${root}${page}`, 'utf8')));
  expect(texts.filter((text) => !text.includes('<!-- figures:'))).toEqual([]);
});

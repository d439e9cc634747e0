import { copyFile, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddedModel } from '../../src/entry/models/configured-models.ts';
import { Report, reportText } from '../report-file.ts';
import { weightsHash } from '../take/model-files.ts';
import { fillMarkers } from './fill-markers.ts';
import { figureSections } from './sections.ts';

/** The files with markers, within the package. */
const pages: readonly string[] = [
  'README.md',
  'eval/README.md',
  'eval/sets/README.md',
  'models/thinkfirst-135m/README.md',
];
const cardFolder = 'models/thinkfirst-135m';

/** Adds a report and its chart to the published ones. Each file is written completely or not at all. */
export async function publishReport(root: string, report: Report, folder: string): Promise<void> {
  const to = join(root, 'eval/results', `${report.set}-${report.model}`.replaceAll(/[^\w.-]/g, '_'));
  await writeFile(`${to}.json.part`, reportText({ ...report, cameWith: 'Thinkfirst' }));
  await rename(`${to}.json.part`, `${to}.json`);
  await copyFile(join(folder, 'accuracy.svg'), `${to}.svg`);
}

/** The published reports: `eval/results/*.json`. */
export async function publishedReports(root: string): Promise<Report[]> {
  const folder = join(root, 'eval/results');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map(async (name) => Report.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))));
}

/** Pages whose figures between markers differ from the published reports, with their correct text. */
export async function staleFigures(root: string): Promise<Array<{ path: string; text: string }>> {
  const weights = await weightsHash(join(root, cardFolder));
  const sections = figureSections(await publishedReports(root), { model: embeddedModel.id, weights });
  const all = await Promise.all(
    pages.map(async (page) => {
      const path = join(root, page);
      const text = await readFile(path, 'utf8');
      const marked = page.startsWith(cardFolder) ? withMarkers(text) : text;
      const filled = fillMarkers(marked, sections);
      return filled === text ? [] : [{ path, text: filled }];
    }),
  );
  return all.flat();
}

/** Writes the figures of the published reports into all pages. Returns the changed paths. */
export async function writeFigures(root: string): Promise<string[]> {
  const stale = await staleFigures(root);
  for (const { path, text } of stale) await writeFile(path, text);
  return stale.map(({ path }) => path);
}

/** A model's card comes from outside, without markers: they are added at its end. */
function withMarkers(card: string): string {
  return card.includes('<!-- figures:card -->')
    ? card
    : `${card.trimEnd()}\n\n## Measured in Thinkfirst\n\n<!-- figures:card -->\n<!-- /figures -->\n`;
}

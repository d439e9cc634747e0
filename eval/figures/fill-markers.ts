const marker = /(<!-- figures:([\w-]+) -->)([\s\S]*?)(<!-- \/figures -->)/g;

/**
 * Puts each section between its markers, `<!-- figures:NAME -->` and `<!-- /figures -->`. A table is on separate lines;
 * a marker within a line gets its text within that line.
 * @throws Error that names a missing section, or a marker without an end
 */
export function fillMarkers(text: string, sections: ReadonlyMap<string, string>): string {
  const opened = text.match(/<!-- figures:/g)?.length ?? 0;
  const filled = text.replaceAll(marker, (_, open: string, name: string, between: string, close: string) => {
    const section = sections.get(name);
    if (section === undefined) throw new Error(`there are no figures ${name}: ${[...sections.keys()].join(', ')}`);
    const isBlock = between.startsWith('\n');
    return isBlock ? `${open}\n\n${section}\n\n${close}` : `${open}${section}${close}`;
  });
  const ended = [...text.matchAll(marker)].length;
  if (opened !== ended) throw new Error('a marker of figures has no end: <!-- /figures -->');
  return filled;
}

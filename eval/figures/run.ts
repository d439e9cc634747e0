import { fileURLToPath } from 'node:url';
import { runScript } from '../run-script.ts';
import { writeFigures } from './write-figures.ts';

/** `npm run eval:figures`: writes the figures of `eval/results/*.json` into the pages that have markers for them. */
await runScript(async () => {
  const changed = await writeFigures(fileURLToPath(new URL('../..', import.meta.url)));
  console.log(changed.length === 0 ? 'All figures are those of eval/results.' : `written: ${changed.join(', ')}`);
});

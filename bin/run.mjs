// `node bin/run.mjs src/server.ts serve`: runs an entry from its TypeScript source, with the words that follow.
import { compiled } from '../src/core/compiled.mjs';

// Stacks lead to the sources.
process.setSourceMapsEnabled(true);
// As if the entry had been run itself.
process.argv.splice(1, 1);
await import(await compiled(process.argv[1]));

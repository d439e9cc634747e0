#!/usr/bin/env node
// Runs the command line from its TypeScript source, as `npm start` does; plain JavaScript, so that an old Node can say so.
const least = 20;
const major = Number(process.versions.node.split('.')[0]);
if (major < least) {
  console.error(
    `thinkfirst: Node ${process.versions.node} is too old; install Node ${least} or later (https://nodejs.org).`,
  );
  process.exit(1);
}
const { compiled } = await import('../src/core/compiled.mjs');
// Stacks lead to the sources.
process.setSourceMapsEnabled(true);
const { main } = await import(await compiled('src/cli/main.ts'));
await main(process.argv.slice(2));

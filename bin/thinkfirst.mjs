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
const { register } = await import('tsx/esm/api');
// No tsconfig.json of the folder that it happens to run in.
register({ tsconfig: false });
const { main } = await import('../src/cli/main.ts');
await main(process.argv.slice(2));

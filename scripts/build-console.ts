import { buildConsole } from '../src/entry/http/open-console.ts';

/** `npm run build:console`: what `npm start` does by itself; for images and tarballs, which are written once. */
process.stdout.write(`${await buildConsole()}\n`);

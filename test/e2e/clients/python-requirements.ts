import { readFileSync } from 'node:fs';

const folder = new URL('python/', import.meta.url);
const list = (name: string) => readFileSync(new URL(name, folder), 'utf8').trim().split('\n');

/** All packages of the clients' environment with their versions; without the slow clients', those of `npm test`. */
export const requirements = {
  fast: list('requirements.txt'),
  all: [...list('requirements.txt'), ...list('requirements-slow.txt')],
  instructor: list('requirements-instructor.txt'),
};

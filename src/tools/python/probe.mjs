/** Tries behind the wall what must not be possible there, and reports what was (`check-wall.ts`). */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';

const [, , file, port, written] = process.argv;

function isPossible(attempt) {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

function connects() {
  return new Promise((resolve) => {
    try {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    } catch {
      resolve(false);
    }
  });
}

const possible = {
  'read a file of this machine': isPossible(() => readFileSync(file)),
  'read /etc/passwd': isPossible(() => readFileSync('/etc/passwd')),
  'see processes': isPossible(() => readdirSync('/proc')),
  'write a file': isPossible(() => writeFileSync(written, 'x')),
  'start a process': spawnSync(process.execPath, ['--version']).error === undefined,
  // In a namespace of its own it is one of the first.
  'signal processes of this machine': process.pid > 9,
  'see the environment': Object.keys(process.env).some((name) => !['PWD', 'LD_LIBRARY_PATH'].includes(name)),
  'open a connection': await connects(),
};
const done = Object.keys(possible).filter((name) => possible[name]);
writeSync(3, `${JSON.stringify(done)}\n`);

import { type ChildProcess, execFile, type StdioOptions, spawn } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { isFiltered, seccompFilter } from './seccomp-filter.ts';

/** Starts programs that see nothing of this machine. */
export type Wall = {
  /**
   * Starts a script in a Node of its own: no network, no environment, no other processes, and of the machine's files only
   * Node, its libraries and `files`, none of which can be written. Its descriptor 3 is a socket to this process.
   */
  start(program: WalledProgram): ChildProcess;
};

type WalledProgram = {
  /** Paths behind the wall, and the files of this machine that are there; the first is the script that Node runs. */
  files: Readonly<Record<string, string>>;
  args: readonly string[];
  nodeOptions: readonly string[];
  /** Of all that the process may write to: heaps, stacks and WebAssembly's memory together. */
  memoryMegabytes: number;
  /** Its descriptor 4: a file that is open here, or a pipe. */
  descriptor?: number | 'pipe' | 'ignore';
};

/** Why there is no wall on this machine, and what to do about it, each as sentences. */
export class WallFault extends Error {
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

/** Where distributions have it. The search path is not asked: what it names would become part of the wall. */
const places = ['/usr/bin/bwrap', '/bin/bwrap', '/usr/local/bin/bwrap', '/run/current-system/sw/bin/bwrap'];

/** For the whole life of a process, in seconds: threads that code left behind between two calls don't run for ever. */
const mostProcessorSeconds = 600;

/**
 * Builds the wall out of bubblewrap: namespaces of its own for users, processes, network, mounts and the rest, a root folder in
 * memory that is made read-only, no capabilities, resource limits, and a filter of system calls. The process dies with this one.
 * @throws WallFault where this machine lacks something for it
 */
export async function buildWall(): Promise<Wall> {
  const { platform, arch } = process;
  if (platform !== 'linux') {
    throw new WallFault(
      'Python runs behind bubblewrap, which only Linux has.',
      'Run the worker on Linux, or in Docker.',
    );
  }
  if (!isFiltered(arch)) {
    throw new WallFault(`There is no system call filter for ${arch}.`, 'Run the worker on an x64 or arm64 machine.');
  }
  const bubblewrap = places.find(isExecutable);
  if (bubblewrap === undefined) {
    throw new WallFault('bubblewrap is not installed.', 'apt-get install bubblewrap, or dnf install bubblewrap.');
  }
  const filter = seccompFilter(arch);
  const node = realpathSync(process.execPath);
  const libraries = await sharedLibraries(node);
  const folders = [...new Set(libraries.map((library) => dirname(library)))];
  const isolation = [
    '--unshare-all',
    ...['--unshare-user', '--uid', '65534', '--gid', '65534', '--hostname', 'python'],
    ...['--die-with-parent', '--new-session', '--clearenv', '--cap-drop', 'ALL', '--seccomp', '5'],
    ...(folders.length > 0 ? ['--setenv', 'LD_LIBRARY_PATH', folders.join(':')] : []),
    ...['--ro-bind', node, '/node'],
    ...libraries.flatMap((library) => ['--ro-bind', library, library]),
  ];

  return {
    start({ files, args, nodeOptions, memoryMegabytes, descriptor = 'ignore' }) {
      const [script = ''] = Object.keys(files);
      const binds = Object.entries(files).flatMap(([inside, outside]) => ['--ro-bind', outside, inside]);
      const limits = [
        'ulimit -c 0', // No core dumps.
        'ulimit -f 0', // Nothing can be written to any file, not even to one in memory.
        'ulimit -n 64',
        `ulimit -t ${mostProcessorSeconds}`,
        `ulimit -d ${memoryMegabytes * 1_024}`,
      ];
      const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', 'pipe', descriptor, 'pipe'];
      const child = spawn(
        '/bin/sh',
        [
          ...['-c', `${limits.join(' && ')} && exec "$0" "$@"`, bubblewrap, ...isolation, ...binds],
          ...['--chdir', '/', '--remount-ro', '/', '/node', ...nodeOptions, script, ...args],
        ],
        { env: {}, stdio },
      );
      const pipes: readonly unknown[] = child.stdio;
      const filterPipe = pipes[5];
      if (!(filterPipe instanceof Writable)) throw new Error('a child process has no pipe for its filter');
      // A child that dies before it has read it says so by its exit.
      filterPipe.on('error', () => {});
      filterPipe.end(filter);
      return child;
    },
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What glibc's loader would load for a program, the loader itself included; empty where the program has all in it. */
async function sharedLibraries(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(program, ['--version'], { env: { LD_TRACE_LOADED_OBJECTS: '1' } });
  return [...stdout.matchAll(/(\/\S+) \(0x[0-9a-f]+\)/g)].flatMap(([, path]) => path ?? []);
}

/** What was typed to start this process: what advice repeats. */
export type Invocation = {
  /** `thinkfirst serve --api-only`, `npm run worker`. */
  command: string;
  /** What runs both halves. */
  whole: string;
  /** Options of the command that stand for variables, `PORT: '--port'`; npm's has none. */
  options: Readonly<Record<string, string>>;
};

/** Of the scripts in package.json. */
export function npmInvocation({ api, worker }: { api: boolean; worker: boolean }): Invocation {
  const command = api && worker ? 'npm start' : api ? 'npm run serve' : 'npm run worker';
  return { command, whole: 'npm start', options: {} };
}

/** The same command with other settings: `PORT=8081 npm start`, `thinkfirst serve --port 8081`. */
export function again({ command, options }: Invocation, settings: Readonly<Record<string, string | number>>): string {
  const variables: string[] = [];
  const words: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const option = options[name];
    if (option === undefined) variables.push(`${name}=${value}`);
    else words.push(`${option} ${value}`);
  }
  return [...variables, command, ...words].join(' ');
}

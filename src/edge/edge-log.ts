import type { ApiLog } from '../api/dependencies.ts';

const line = (level: number) => (fields: Record<string, unknown>, message: string) =>
  console.log(JSON.stringify({ level, time: Date.now(), ...fields, msg: message }));

/** JSON lines in pino's form, to the platform's log. */
export const edgeLog: ApiLog = { info: line(30), warn: line(40), error: line(50) };

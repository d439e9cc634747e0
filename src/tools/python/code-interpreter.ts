import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { ServerFunction, ServerTool, ToolResult, ToolSession } from '../server-tool.ts';
import type { ContainerResult, PythonContainer, PythonSandbox } from './python-sandbox.ts';

const Arguments = z.object({ code: z.string() });

/** `code_interpreter`: the model gets a function `python`, and each chain a container of its own from its first call to its end. */
export function createCodeInterpreter(
  sandbox: PythonSandbox,
  { timeMs }: { timeMs: number },
): ServerTool<'code_interpreter'> {
  const python: ServerFunction = {
    name: 'python',
    description: readFileSync(new URL('./description.txt', import.meta.url), 'utf8')
      .trim()
      .replace('{{seconds}}', String(timeMs / 1_000)),
    parameters: {
      type: 'object',
      properties: { code: { type: 'string', description: 'The Python code.' } },
      required: ['code'],
      additionalProperties: false,
    },
    shown: { type: 'code_interpreter' },
    pure: true,
    stateful: true,
    needsApproval: false,
  };
  return {
    type: 'code_interpreter',
    unavailable: () => sandbox.unavailable(),
    async open() {
      // The model thinks before it calls; meanwhile the process starts.
      sandbox.warm();
      const sessions = new Set<ToolSession>();
      return {
        functions: [python],
        session() {
          const session = createSession(sandbox);
          sessions.add(session);
          return session;
        },
        close: async () => void (await Promise.all([...sessions].map((session) => session.close()))),
      };
    },
  };
}

function createSession(sandbox: PythonSandbox): ToolSession {
  const stop = new AbortController();
  let opening: Promise<PythonContainer> | undefined;
  return {
    async call(_name, args, options) {
      const parsed = Arguments.safeParse(args);
      if (!parsed.success) {
        return { output: 'python takes one argument, "code": a string.', isError: true, durationMs: 0 };
      }
      const signal = AbortSignal.any([options.signal, stop.signal]);
      if (opening === undefined) {
        opening = sandbox.open({ signal });
        // A container that did not come up is asked for again by the next call.
        opening.catch(() => {
          opening = undefined;
        });
      }
      const container = await opening;
      return toolResult(await container.run(parsed.data.code, { signal }));
    },
    async close() {
      stop.abort(new Error('the session was closed'));
      const container = await opening?.catch(() => undefined);
      await container?.close();
    },
  };
}

function toolResult({ logs, error, exitReason, restarted, durationMs }: ContainerResult): ToolResult {
  const note = restarted ? '[Python was restarted before this call: variables of earlier calls are gone.]\n' : '';
  const gap = logs === '' || logs.endsWith('\n') || error === undefined ? '' : '\n';
  return { output: `${note}${logs}${gap}${error ?? ''}`, isError: exitReason !== 'done', durationMs };
}

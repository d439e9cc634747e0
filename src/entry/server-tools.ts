import type { Logger } from 'pino';
import type { ServerToolParam } from '../contracts/responses/tool-param.ts';
import type { RunPython } from '../reasoning/strategy.ts';
import { createMcpTool, mcpRefusal } from '../tools/mcp/mcp-tool.ts';
import { createCodeInterpreter } from '../tools/python/code-interpreter.ts';
import { createPythonSandbox, type PythonSandbox } from '../tools/python/python-sandbox.ts';
import type { OpenTool } from '../tools/server-tool.ts';
import type { Environment } from './environment.ts';
import { configuredMcpServers } from './models/configured-models.ts';
import { packageVersion } from './package-version.ts';

/** The tools that a worker runs itself, and what of a request the API refuses before one is asked. */
export type ServerTools = {
  openTool(entry: ServerToolParam, options: { signal: AbortSignal }): Promise<OpenTool>;
  /** Labels of the operator's MCP servers. */
  mcpServers: readonly string[];
  /** Without a full stop. */
  toolRefusal(entry: ServerToolParam): Promise<string | undefined>;
  /** Why Python can't run on this machine; undefined if it can, or until `tryPython` has found out. */
  pythonRefusal(): string | undefined;
  /** Tries the sandbox. Never rejects. */
  tryPython(): Promise<void>;
  /** Runs code in a sandbox of its own. @throws ServiceError where there is none */
  runPython: RunPython;
  close(): Promise<void>;
};

/** Opens nothing before its first use. `worker`: Python runs in this process's role. @throws StartError or ServiceError for a faulty configuration */
export function createServerTools({
  environment,
  variables,
  worker,
  log,
}: {
  environment: Environment;
  variables: Readonly<Record<string, string | undefined>>;
  worker: boolean;
  log: Logger;
}): ServerTools {
  const servers = configuredMcpServers(variables);
  const allowPrivate = environment.THINKFIRST_PRIVATE_CALLBACKS;
  const mcp = createMcpTool({ servers, allowPrivate, version: packageVersion(), now: Date.now });
  const sandbox = openPython(environment, log);
  let pythonRefusal: string | undefined;
  const python = createCodeInterpreter(sandbox, { timeMs: environment.THINKFIRST_PYTHON_SECONDS * 1_000 });
  return {
    openTool: (entry, options) => (entry.type === 'mcp' ? mcp.open(entry, options) : python.open(entry, options)),
    mcpServers: [...servers.keys()],
    async toolRefusal(entry) {
      if (entry.type === 'mcp') return mcpRefusal(entry, { servers, allowPrivate });
      // What the workers' machines have is announced by them.
      return worker ? (await python.unavailable())?.replace(/\.$/, '') : undefined;
    },
    pythonRefusal: () => pythonRefusal,
    async tryPython() {
      pythonRefusal = await sandbox.unavailable();
    },
    async runPython(code, { signal }) {
      const opened = await python.open({ type: 'code_interpreter', container: { type: 'auto' } }, { signal });
      try {
        return await opened.session().call('python', { code }, { signal });
      } finally {
        await opened.close();
      }
    },
    close: () => sandbox.close(),
  };
}

/** The worker's sandbox. It starts nothing before it is used. */
function openPython(environment: Environment, log: Logger): PythonSandbox {
  return createPythonSandbox({
    limits: {
      timeMs: environment.THINKFIRST_PYTHON_SECONDS * 1_000,
      memoryMegabytes: environment.THINKFIRST_PYTHON_MB,
      outputBytes: environment.THINKFIRST_PYTHON_OUTPUT_KB * 1_000,
    },
    processes: environment.THINKFIRST_PYTHON_PROCESSES,
    warn: (reason) => log.warn({ reason }, 'Python starts slowly: its memory could not be kept'),
  });
}

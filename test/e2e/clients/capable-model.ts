import type { Script } from '../../support/upstream-decoder.ts';

type Turn = { role: string; content?: string | null; tool_calls?: ReadonlyArray<{ function: { name: string } }> };
type Asked = { messages?: readonly Turn[]; tools?: ReadonlyArray<{ function: { name: string } }> };

/** What it calls functions with; the others get `{}`. */
const known: Readonly<Record<string, string>> = {
  add: '{"a": 12, "b": 30}',
  get_weather: '{"city": "Seoul"}',
  // Tools of the service: its Python, and one of a real MCP server.
  python: '{"code": "print(12 + 30)"}',
  'all__get-sum': '{"a": 12, "b": 30}',
};

/** Codex's tools that run a command, and how they are called with one. */
const shells: Readonly<Record<string, (command: string) => string>> = {
  exec_command: (cmd) => JSON.stringify({ cmd }),
  // Takes a program, which calls the other tools.
  functions__exec: (cmd) => JSON.stringify({ input: `text(await tools.exec_command(${JSON.stringify({ cmd })}))` }),
};

/**
 * What a model that is good with tools replies: a call of the next function that it hasn't called since the user's last
 * message, at a shell `ls` and then a note of what it saw, else a text that names what its tools gave and all that the user said.
 */
export function capableScript(body: Record<string, unknown>): Script {
  const { messages = [], tools = [] }: Asked = body;
  const since = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  const called = since.flatMap(({ tool_calls }) => tool_calls ?? []).map((call) => call.function.name);
  const names = tools.map((tool) => tool.function.name);
  const results = texts('tool', since);
  const shell = names.find((name) => shells[name] !== undefined);
  const commands = [
    `ls`,
    `echo '${results
      .join()
      .match(/\w+\.txt/g)
      ?.join(' ')}' > note.txt`,
  ];
  const command = commands[called.length];
  if (shell !== undefined && command !== undefined) {
    return {
      thoughts: ['Look', ' first.'],
      answer: [],
      toolCalls: [{ name: shell, arguments: shells[shell]?.(command) ?? '' }],
    };
  }
  const next = shell === undefined ? names.find((name) => !called.includes(name)) : undefined;
  if (next !== undefined) {
    return { thoughts: [], answer: [], toolCalls: [{ name: next, arguments: known[next] ?? '{}' }] };
  }
  const said = `My tools say: ${results.join(', ')}. You said: ${texts('user', messages).join(' ')}`;
  return { thoughts: [], answer: said.match(/\s?\S+/g) ?? [], constrained: ['{"note": "done"}'] };
}

function texts(role: string, turns: readonly Turn[]): string[] {
  return turns.filter((turn) => turn.role === role).map(({ content }) => content ?? '');
}

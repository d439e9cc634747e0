import type { Script } from '../../support/upstream-decoder.ts';

type Turn = { role: string; content?: string | null; tool_calls?: ReadonlyArray<{ function: { name: string } }> };
type Asked = { messages?: readonly Turn[]; tools?: ReadonlyArray<{ function: { name: string } }> };

/** What it calls functions with; the others get `{}`. */
const known: Readonly<Record<string, string>> = { add: '{"a": 12, "b": 30}', get_weather: '{"city": "Seoul"}' };

/**
 * What a model that is good with tools replies: a call of the next function that it hasn't called since the user's last
 * message, else a text that names what its tools gave and all that the user said.
 */
export function capableScript(body: Record<string, unknown>): Script {
  const { messages = [], tools = [] }: Asked = body;
  const since = messages.slice(messages.findLastIndex(({ role }) => role === 'user') + 1);
  const called = since.flatMap(({ tool_calls }) => tool_calls ?? []).map((call) => call.function.name);
  const next = tools.map((tool) => tool.function.name).find((name) => !called.includes(name));
  if (next !== undefined) {
    return { thoughts: [], answer: [], toolCalls: [{ name: next, arguments: known[next] ?? '{}' }] };
  }
  const texts = (role: string, turns: readonly Turn[]) =>
    turns.filter((turn) => turn.role === role).map(({ content }) => content ?? '');
  const said = `My tools say: ${texts('tool', since).join(', ')}. You said: ${texts('user', messages).join(' ')}`;
  return { thoughts: [], answer: said.match(/\s?\S+/g) ?? [] };
}

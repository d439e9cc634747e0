import type { ChatMessage, Prompt } from '../contracts/responses/prompt.ts';
import type { LanguageModel, MadeCall } from '../core/language-model.ts';

/** The prompt with the turns that ended in calls, and the calls' results. */
export function promptBehind(prompt: Prompt, made: readonly MadeCall[]): Prompt {
  const messages: ChatMessage[] = [...prompt.messages];
  const turns = new Map<number, MadeCall[]>();
  for (const call of made) turns.set(call.turn, [...(turns.get(call.turn) ?? []), call]);
  for (const calls of turns.values()) {
    const thought = calls.map((call) => call.thought).join('');
    messages.push({
      role: 'assistant',
      content: calls.map(({ text }) => text).join(''),
      ...(thought === '' ? {} : { thought }),
      toolCalls: calls.map(({ id, name, arguments: args }) => ({ id, name, arguments: args })),
    });
    for (const { id, result } of calls) {
      messages.push({ role: 'tool', content: result?.output || '(no output)', toolCallId: id });
    }
  }
  return { ...prompt, messages };
}

/** The prompt with the results of calls that stand in it without one, behind the turn of their call. */
export function withResults(prompt: Prompt, results: ReadonlyMap<string, string>): Prompt {
  const messages = [...prompt.messages];
  for (const [id, output] of results) {
    const turn = messages.findIndex(
      (message) => message.role === 'assistant' && message.toolCalls?.some((call) => call.id === id),
    );
    if (turn === -1) continue;
    let behind = turn + 1;
    while (messages[behind]?.role === 'tool') behind += 1;
    messages.splice(behind, 0, { role: 'tool', content: output || '(no output)', toolCallId: id });
  }
  return { ...prompt, messages };
}

/** Characters that are left of a result in any case. */
const leastOutput = 200;

/** The prompt with its longest results shortened until it fits the model's context beside `reserve` tokens. */
export async function shortenResults(
  model: Pick<LanguageModel, 'countTokens' | 'contextLength'>,
  prompt: Prompt,
  { reserve, thinking }: { reserve: number; thinking: boolean },
): Promise<Prompt> {
  const room = model.contextLength - reserve;
  let fitted = prompt;
  for (;;) {
    const tokens = await model.countTokens(fitted, { thinking });
    const longest = fitted.messages.reduce(
      (most, message) => (message.role === 'tool' ? Math.max(most, message.content.length) : most),
      0,
    );
    if (tokens <= room || longest <= leastOutput) return fitted;
    const most = Math.max(leastOutput, Math.floor(longest / 2));
    fitted = { ...fitted, messages: fitted.messages.map((message) => shortened(message, most)) };
  }
}

function shortened(message: ChatMessage, most: number): ChatMessage {
  if (message.role !== 'tool' || message.content.length <= most) return message;
  const note = '\n[the rest was left out: it does not fit]';
  return { ...message, content: `${message.content.slice(0, Math.max(1, most - note.length))}${note}` };
}

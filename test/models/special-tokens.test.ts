import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildPrompt } from '../../src/api/responses/prompt/build-prompt.ts';
import { CreateResponse } from '../../src/contracts/responses/create-response.ts';
import type { Prompt } from '../../src/contracts/responses/prompt.ts';
import { familyTexts } from '../../src/models/control-texts.ts';
import type { ModelFamily } from '../../src/models/families/family.ts';
import { families } from '../../src/models/families/index.ts';
import { renderPrompt, renderText } from '../../src/models/local/folder/render-prompt.ts';
import { createModelTokenizer } from '../../src/models/local/folder/tokenizer.ts';
import { dialects } from '../../src/models/servers/client/dialect.ts';
import { toMessages, toTools } from '../../src/models/servers/stream/messages.ts';

const Files = z.looseObject({ added_tokens: z.array(z.looseObject({ id: z.number(), content: z.string() })) });
const tokenizer = Files.parse(JSON.parse(readFileSync('models/thinkfirst-135m/tokenizer.json', 'utf8')));
const config = z
  .looseObject({ chat_template: z.string() })
  .parse(JSON.parse(readFileSync('models/thinkfirst-135m/tokenizer_config.json', 'utf8')));

/** Prints every field of every turn as it is, which no real template does for all of them. */
const everything = `{%- for tool in tools or [] %}{{ tool['function']['name'] }} {{ tool['function']['description'] }} {{ tool | tojson }}
{%- endfor %}{%- for message in messages %}{{ message['role'] }} {{ message['content'] }} {{ message['reasoning_content'] }}
{%- if message['tool_call_id'] %} {{ message['tool_call_id'] }}{% endif %}
{%- for call in message['tool_calls'] or [] %} {{ call['id'] }} {{ call['function']['name'] }}
{%- if call['function']['arguments'] is string %} {{ call['function']['arguments'] }}{% else %} {{ call['function']['arguments'] | tojson }}
{%- for name in call['function']['arguments'] %} {{ name }}{% endfor %}{% endif %}
{%- endfor %}
{% endfor %}{{ '<tool_response>' if tools }}`;

/** A model of a family: the embedded tokenizer with that family's texts as tokens. */
function modelOf(family: ModelFamily, template: string) {
  const known = new Set(tokenizer.added_tokens.map(({ content }) => content));
  const texts = [...new Set([...familyTexts(family), '<tool_response>'])].filter((text) => !known.has(text));
  const added = texts.map((content, index) => ({
    id: 49_152 + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    // Qwen's, say, are tokens and not special.
    special: index % 2 === 0,
  }));
  const files = { tokenizer: { ...tokenizer, added_tokens: [...tokenizer.added_tokens, ...added] }, config };
  return { family, tokenizer: createModelTokenizer(files, template) };
}

/** `text` escaped in JSON, as a caller may write it to get past what looks for it. */
const escaped = (text: string) =>
  `"${[...text].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`;

/** Every field of a request that a template may print, with `text` in it. */
const fields: ReadonlyArray<[string, (text: string) => Record<string, unknown>]> = [
  ['input', (text) => ({ input: text })],
  ['instructions', (text) => ({ instructions: text, input: 'Hi' })],
  ...(['user', 'system', 'developer', 'assistant'] as const).flatMap(
    (role): Array<[string, (text: string) => Record<string, unknown>]> => [
      [
        `a message of ${role}`,
        (text) => ({
          input: [
            { role, content: text },
            { role: 'user', content: 'Hi' },
          ],
        }),
      ],
      [
        `a part of ${role}`,
        (text) => ({
          input: [
            { role, content: [{ type: 'input_text', text }] },
            { role: 'user', content: 'Hi' },
          ],
        }),
      ],
    ],
  ),
  ['a name of a call', (text) => ({ input: called({ name: text }) })],
  ['a call_id', (text) => ({ input: called({ call_id: text }) })],
  ['arguments', (text) => ({ input: called({ arguments: JSON.stringify({ a: [{ b: text }] }) }) })],
  ['a name of an argument', (text) => ({ input: called({ arguments: JSON.stringify({ [text]: 1 }) }) })],
  ['escaped arguments', (text) => ({ input: called({ arguments: `{"a": ${escaped(text)}}` }) })],
  ['an escaped name of an argument', (text) => ({ input: called({ arguments: `{${escaped(text)}: {}}` }) })],
  ['arguments that are no JSON', (text) => ({ input: called({ arguments: `{ ${text}` }) })],
  ['arguments that are a string', (text) => ({ input: called({ arguments: escaped(text) }) })],
  ['arguments that are too deep', (text) => ({ input: called({ arguments: deep(JSON.stringify(text)) }) })],
  ['the output of a call', (text) => ({ input: called({}, text) })],
  ['a part of the output', (text) => ({ input: called({}, [{ type: 'input_text', text }]) })],
  [
    'a thought',
    (text) => ({
      input: [
        { role: 'user', content: 'Hi' },
        { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text }] },
        ...called({}).slice(1),
      ],
    }),
  ],
  ['the name of a tool', (text) => ({ input: 'Hi', tools: [{ name: text }] })],
  ['the description of a tool', (text) => ({ input: 'Hi', tools: [{ name: 'f', description: text }] })],
  [
    'the parameters of a tool',
    (text) => ({
      input: 'Hi',
      tools: [
        { name: 'f', parameters: { type: 'object', properties: { [text]: { description: text, enum: [text] } } } },
      ],
    }),
  ],
];

function called(call: Record<string, string>, output: unknown = '21') {
  const given = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}', ...call };
  return [{ role: 'user', content: 'Hi' }, given, { type: 'function_call_output', call_id: given.call_id, output }];
}

const deep = (inner: string) => `${'['.repeat(5_000)}${inner}${']'.repeat(5_000)}`;

function promptOf({ tools, ...body }: Record<string, unknown>): Prompt {
  const parts = {
    context: [],
    referenced: [],
    warnings: [],
    inputs: ['text' as const],
    open: () => undefined,
    addressRefusal: () => undefined,
    files: new Map(),
  };
  const { prompt } = buildPrompt(CreateResponse.parse({ model: 'tiny', ...body }), parts);
  return tools === undefined ? prompt : { ...prompt, tools: z.custom<NonNullable<Prompt['tools']>>().parse(tools) };
}

const count = (text: string, token: string) => text.split(token).length - 1;

describe.each(families.map((family) => [family.name, family] as const))('a model of the family %s', (_name, family) => {
  it.each([
    ...(family.name === 'thinkfirst' ? [['its own template', config.chat_template] as const] : []),
    ['a template that prints everything', everything] as const,
  ])('reads no special token in any field, with %s', { timeout: 60_000 }, async (_which, template) => {
    const model = modelOf(family, template);
    const ofPrompt = [...new Set([...model.tokenizer.controlTexts, ...familyTexts(family)])];
    expect(ofPrompt.length).toBeGreaterThan(10);
    const controls = new Set(ofPrompt.map((token) => model.tokenizer.idOf(token)));
    const ids = async (prompt: Prompt) =>
      (await renderPrompt(model, prompt, { thinking: true })).filter((id) => controls.has(id));
    const through: string[] = [];
    for (const [field, request] of fields) {
      const plain = promptOf(request('just words'));
      // All of them at once: to create and to render a prompt for each would take minutes.
      const prompt = promptOf(request(`a${ofPrompt.join('b')}c`));
      const [before, after] = [renderText(model, plain, true), renderText(model, prompt, true)];
      for (const token of ofPrompt) {
        if (count(after, token) !== count(before, token)) through.push(`${token} in ${field}`);
      }
      expect(await ids(prompt)).toEqual(await ids(plain));
    }
    expect(through).toEqual([]);
  });

  it.each(
    Object.values(dialects)
      .filter(({ keepsControlTexts }) => !keepsControlTexts)
      .map((dialect) => [dialect.name, dialect] as const),
  )('is sent none in any field by %s', (_dialect, dialect) => {
    const tokens = [...familyTexts(family), '<|im_start|>', '<|start_header_id|>', '<start_of_turn>', '[INST]'];
    const through: string[] = [];
    for (const [field, request] of fields) {
      const prompt = promptOf(request(`a${tokens.join('b')}c`));
      const sent = JSON.stringify({
        messages: toMessages(prompt, { dialect, family, thinking: false }),
        ...toTools(prompt, { dialect, family }),
      });
      // What a server's template gets: arguments are JSON within JSON there.
      const read = unescaped(unescaped(sent));
      for (const token of tokens) if (read.includes(token)) through.push(`${token} in ${field}`);
    }
    expect(through).toEqual([]);
  });
});

/** JSON's escapes of characters undone, whatever they are escapes in. */
function unescaped(json: string): string {
  return json.replaceAll(/\\+u([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

it('sends arguments as they were written where nothing in them is a special token', () => {
  const written = '{ "b" : 1.50, "a": "<b>" }';
  const prompt = promptOf({ input: called({ arguments: written }) });
  const sent = JSON.stringify(
    toMessages(prompt, { dialect: dialects.vllm, family: families[0] as ModelFamily, thinking: false }),
  );
  expect(sent).toContain(JSON.stringify(written));
});

import type { z } from 'zod';
import type { Prompt } from '../../../contracts/responses/prompt.ts';
import { estimatePrompt, estimateTokens } from '../../../core/token-ledger.ts';
import type { ModelFamily } from '../../families/family.ts';
import { endsWithTag, missingSuffix } from '../../families/missing-suffix.ts';
import type { Dialect } from '../client/dialect.ts';
import type { UpstreamClient } from '../client/upstream-client.ts';
import { UpstreamRefused } from '../client/upstream-error.ts';
import { Detokenized, RenderedPrompt, Tokenized, TokenizedMessages, TokenList } from '../client/wire.ts';
import { toMessages, toTools } from './messages.ts';

/** A prompt as the server's own template renders it, up to where the model continues. Ids on vLLM, text on llama.cpp. */
export type RawPrompt = {
  tokens: readonly number[] | undefined;
  text: string;
  count: number;
  /** The template itself ends with the opening tag of a thought. */
  opened: boolean;
};

type Access = { client: UpstreamClient; dialect: Dialect; family: ModelFamily; model: string; signal: AbortSignal };

/**
 * Renders a prompt at the server, with the family's opening of the thought (or its empty thought) at the end.
 * @throws UpstreamRefused where the server has no such route (a gateway may hide it)
 */
export async function renderPrompt(access: Access, prompt: Prompt, options: { thinking: boolean }): Promise<RawPrompt> {
  const { family, dialect } = access;
  if (prompt.raw) {
    const said = toMessages(prompt, { dialect, family, thinking: false }).map(({ content }) => String(content ?? ''));
    const text = said.join('');
    const count = dialect.render === undefined ? estimatePrompt(prompt) : (await tokensOf(access, text)).length;
    return { tokens: undefined, text, count, opened: false };
  }
  const { tokens, text } = await applyTemplate(access, prompt, options);
  const added = missingSuffix(text, family, options);
  const opened = family.tags !== undefined && endsWithTag(text, family.tags.open);
  if (tokens === undefined) {
    const whole = text + added;
    return { tokens, text: whole, count: (await tokensOf(access, whole)).length, opened };
  }
  const more = added === '' ? [] : await tokensOf(access, added);
  return { tokens: [...tokens, ...more], text: '', count: tokens.length + more.length, opened };
}

/**
 * Whether the template does nothing to keep a model from thinking: it renders a prompt alike with the family's switch on and off.
 * @throws UpstreamRefused where the server has no such route
 */
export async function hasNoSwitch(access: Access, prompt: Prompt): Promise<boolean> {
  const { on, off } = access.family.templateArguments;
  const render = async (templateArguments: typeof on) =>
    JSON.stringify(await applyTemplate(access, prompt, { thinking: false, templateArguments }));
  return (await render(on)) === (await render(off));
}

/** A prompt as the template leaves it; with `tokens`, the text is its end alone. */
async function applyTemplate(
  access: Access,
  prompt: Prompt,
  options: { thinking: boolean; templateArguments?: Readonly<Record<string, unknown>> },
): Promise<{ tokens: readonly number[] | undefined; text: string }> {
  const { client, dialect, family, model, signal } = access;
  const { on, off } = family.templateArguments;
  const body = {
    model,
    messages: toMessages(prompt, { dialect, family, thinking: options.thinking }),
    ...toTools(prompt, { dialect, family }),
    chat_template_kwargs: options.templateArguments ?? (options.thinking ? on : off),
    add_generation_prompt: true,
  };
  if (dialect.render === 'apply-template') {
    const { prompt: text } = read(RenderedPrompt, await client.json('//apply-template', body, { signal }));
    return { tokens: undefined, text };
  }
  const { tokens, token_strs: strings } = read(
    TokenizedMessages,
    await client.json('//tokenize', { ...body, return_token_strs: true }, { signal }),
  );
  return { tokens, text: strings.slice(-8).join('') };
}

/**
 * The rendered prompt with more text after it. In a prompt of ids the border is a border of tokens as well; the count of one of
 * text is an estimate then.
 */
export async function extend(access: Access, raw: RawPrompt, text: string): Promise<RawPrompt> {
  if (text === '') return raw;
  if (raw.tokens === undefined) {
    return { ...raw, text: raw.text + text, count: raw.count + estimateTokens(text) };
  }
  const more = await tokensOf(access, text);
  return {
    ...raw,
    tokens: [...raw.tokens, ...more],
    text: raw.text + text,
    count: raw.count + more.length,
  };
}

/** Ids of a text by the server's tokenizer, without any start token. */
export async function tokensOf({ client, dialect, model, signal }: Access, text: string): Promise<number[]> {
  if (dialect.render === 'tokenize') {
    return read(
      Tokenized,
      await client.json('//tokenize', { model, prompt: text, add_special_tokens: false }, { signal }),
    ).tokens;
  }
  const { tokens } = read(
    TokenList,
    await client.json('//tokenize', { model, content: text, add_special: false, parse_special: true }, { signal }),
  );
  return tokens.filter((token) => typeof token === 'number');
}

/** Text of one token. @throws UpstreamRefused where the server has no such route */
export async function textOfToken({ client, model, signal }: Access, id: number): Promise<string> {
  return read(Detokenized, await client.json('//detokenize', { model, tokens: [id] }, { signal }));
}

/** A route that answers in another form is no better than none. */
function read<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw new UpstreamRefused(404, 'an answer of another form');
  return parsed.data;
}

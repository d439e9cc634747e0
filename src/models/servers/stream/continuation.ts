import type { ModelFamily } from '../../families/family.ts';
import { UpstreamRefused } from '../client/upstream-error.ts';
import type { SampleContext } from '../thinking/sample-context.ts';
import { extend } from './raw-prompt.ts';
import type { Start } from './request-body.ts';

/**
 * Where a sample goes on: within an open thought, or after a closed one in the answer. `prefilled`: the model has not heeded that
 * it was asked to stop, so the closed thought is put into its mouth, whatever is known of the server.
 */
export type GoOn =
  | { at: 'thought'; thoughts: string }
  | { at: 'answer'; thoughts: string; answer: string; prefilled?: true }
  /** The fast form: no thought at all. Where nothing is begun, the thought is closed before it can be opened. */
  | { at: 'fast'; answer: string };

/**
 * The starts by which this server can go on there, best first. With tools the chat route comes first, since the server
 * reads the tool calls there. An open thought or a begun answer can't be gone on with in a new turn.
 */
export async function* startsFor(context: SampleContext, goOn: GoOn): AsyncGenerator<Start, void, void> {
  const { dialect, family, refusals, request } = context;
  if (request.prompt.raw) {
    const prompt = await rendered(context, goOn);
    if (prompt !== undefined) yield { form: 'raw', prompt, showsTags: goOn.at === 'fast' };
    return;
  }
  const tools = (request.prompt.tools?.length ?? 0) > 0;
  // A prompt of text or ids has no place for images.
  const media = request.prompt.messages.some((message) => 'parts' in message && message.parts !== undefined);
  if (goOn.at === 'answer' && goOn.prefilled) {
    yield { form: 'final-message', content: messageText(family, goOn), closed: true };
    return;
  }
  const open = goOn.at === 'thought' || goOn.answer !== '';
  const fresh = goOn.at === 'fast' && !open;
  for (const way of dialect.continuations) {
    if (refusals.has(way) || (way === 'raw' && (tools || media)) || (way === 'final-message' && fresh)) continue;
    if (way === 'raw') {
      const prompt = await rendered(context, goOn);
      if (prompt !== undefined) yield { form: 'raw', prompt, showsTags: goOn.at === 'thought' || fresh };
    } else if (way === 'final-message') {
      yield { form: 'final-message', content: messageText(family, goOn), closed: goOn.at !== 'thought' };
    } else if (!open && goOn.at === 'answer') {
      yield { form: 'answer-turn', thoughts: goOn.thoughts };
    } else if (!open) {
      yield { form: 'turn', thinking: false };
    }
  }
  // A begun answer must not be begun again: nearly every server goes on with a last assistant message.
  if (goOn.at !== 'thought' && goOn.answer !== '' && !dialect.continuations.includes('final-message')) {
    yield { form: 'final-message', content: goOn.answer, closed: true };
  }
}

/** The server's rendering with our text after it; undefined where the server doesn't render (any more). */
async function rendered(context: SampleContext, goOn: GoOn) {
  const { client, config, dialect, family, refusals, signal } = context;
  try {
    const prompt = await context.render({ thinking: goOn.at !== 'fast' });
    const text = goOn.at === 'thought' ? goOn.thoughts : goOn.at === 'fast' ? goOn.answer : closedText(family, goOn);
    return await extend({ client, dialect, family, model: config.model, signal }, prompt, text);
  } catch (error) {
    if (!(error instanceof UpstreamRefused)) throw error;
    refusals.addWay('raw', error);
    return undefined;
  }
}

/** Thoughts, the close tag (or marker), what stands before an answer, the answer so far. The opening is the template's. */
function closedText(family: ModelFamily, { thoughts, answer }: { thoughts: string; answer: string }): string {
  return `${thoughts}${family.tags?.close ?? family.answerMarker ?? ''}${family.afterThought}${answer}`;
}

function messageText(family: ModelFamily, goOn: GoOn): string {
  const open = family.promptSuffix.on;
  switch (goOn.at) {
    case 'thought':
      return open + goOn.thoughts;
    case 'answer':
      return open + closedText(family, goOn);
    case 'fast':
      return family.promptSuffix.off + goOn.answer;
    default:
      return goOn satisfies never;
  }
}

import type { ModelObject } from '../../../../src/contracts/service/listings.ts';
import type { Question } from './use-chat.ts';

/** A file that goes along with a question; `content` is its text, or a picture as a data: URL. */
export type Attachment = { id: string; name: string; kind: 'text' | 'image'; content: string; bytes: number };

/** Why a file can't go along. */
export type Refusal = { name: string; why: 'binary' | 'image' };

/** Text of about so many characters is a token; enough to warn by. */
const charactersPerToken = 3.5;

/** Reads files that were chosen, dropped or pasted: text for every model, pictures where the model reads them. */
export async function readFiles(
  files: readonly File[],
  model: ModelObject | undefined,
): Promise<{ read: Attachment[]; refused: Refusal[] }> {
  const read: Attachment[] = [];
  const refused: Refusal[] = [];
  for (const file of files) {
    const { name, size: bytes } = file;
    const id = crypto.randomUUID?.() ?? `${name}-${file.lastModified}-${Math.random()}`;
    if (file.type.startsWith('image/') && file.type !== 'image/svg+xml') {
      if (model?.capabilities.inputs.includes('image') !== true) refused.push({ name, why: 'image' });
      else read.push({ id, name, kind: 'image', content: await dataUrl(file), bytes });
      continue;
    }
    const content = await textIn(file);
    if (content === undefined) refused.push({ name, why: 'binary' });
    else read.push({ id, name, kind: 'text', content, bytes });
  }
  return { read, refused };
}

/** The question with what goes along with it: files as text with their names, pictures as parts of their own. */
export function questionWith(text: string, attachments: readonly Attachment[]): Question {
  if (attachments.length === 0) return text;
  return [
    {
      type: 'input_text',
      text: [text, ...attachments.filter(isText).map(fenced)].filter((part) => part !== '').join('\n\n'),
    },
    ...attachments
      .filter(({ kind }) => kind === 'image')
      .map(({ content }) => ({ type: 'input_image' as const, image_url: content, detail: 'auto' as const })),
  ];
}

/** About how many tokens a question has, pictures left out. */
export function roughTokens(text: string, attachments: readonly Attachment[]): number {
  const characters = attachments.filter(isText).reduce((sum, { content }) => sum + content.length, text.length);
  return Math.ceil(characters / charactersPerToken);
}

/** Bytes that the question takes on the wire, as JSON. */
export function wireBytes(text: string, attachments: readonly Attachment[]): number {
  return new TextEncoder().encode(JSON.stringify(questionWith(text, attachments))).length;
}

function isText({ kind }: Attachment): boolean {
  return kind === 'text';
}

/** In a fence that is longer than any in the file. */
function fenced({ name, content }: Attachment): string {
  const longest = Math.max(2, ...(content.match(/`{3,}/g) ?? []).map((fence) => fence.length));
  const fence = '`'.repeat(longest + 1);
  return `${name}:\n${fence}\n${content.trimEnd()}\n${fence}`;
}

async function textIn(file: File): Promise<string | undefined> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error(file.name));
    reader.readAsDataURL(file);
  });
}

import type { ContentPart } from '../../../contracts/responses/input-item.ts';
import type { PromptPart } from '../../../contracts/responses/prompt.ts';
import type { Warning } from '../../../contracts/responses/response.ts';
import type { ModelCard } from '../../../contracts/service/model-card.ts';
import { invalidValue, type ServiceError, unsupportedInput } from '../../../contracts/service/service-error.ts';
import { fieldPath } from '../../validation-error.ts';
import type { PromptFile, PromptFiles } from './prompt-files.ts';

type Path = ReadonlyArray<string | number>;
type Inputs = ModelCard['capabilities']['inputs'];
/** Why an address is not named to an upstream server, which would fetch it; undefined for one that may be. */
export type AddressRefusal = (url: string) => string | undefined;
type Taken = { inputs: Inputs; addressRefusal: AddressRefusal; files: PromptFiles };
type Image = Extract<ContentPart, { type: 'input_image' }>;
type File = Extract<ContentPart, { type: 'input_file' }>;

/** The text of a turn in which nothing else can stand. @throws ServiceError `unsupported_input` naming the part */
export function textOf(content: string | readonly ContentPart[], path: Path): string {
  if (typeof content === 'string') return content;
  return content.map((part, index) => partText(part, [...path, index])).join('');
}

/**
 * What a user said: its text, and all of its parts in order where there are images or files among them that the model takes.
 * @throws ServiceError `unsupported_input` naming the part that it doesn't, `invalid_value` for one that can't be passed on
 */
export function userContent(
  content: string | readonly ContentPart[],
  path: Path,
  taken: Taken,
): { content: string; parts?: PromptPart[] } {
  if (typeof content === 'string') return { content };
  const parts = content.map((part, index) => promptPart(part, [...path, index], taken));
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return parts.some(({ type }) => type !== 'text') ? { content: text, parts } : { content: text };
}

/**
 * What a tool gave, as `userContent`. A part that the model doesn't take is left out with a warning, since the client can't take
 * back what a tool gave: a refusal would end the conversation.
 */
export function toolContent(
  content: string | readonly ContentPart[],
  path: Path,
  taken: Taken,
): { content: string; parts?: PromptPart[]; warnings: Warning[] } {
  if (typeof content === 'string') return { content, warnings: [] };
  const warnings: Warning[] = [];
  const readable = content.map((part, index): ContentPart => {
    if (takes(part, taken)) return part;
    const field = fieldPath([...path, index]);
    warnings.push({
      field,
      message: 'This model cannot read it. A note in the prompt says that something was left out.',
    });
    return { type: 'input_text', text: JSON.stringify({ omitted: part.type }) };
  });
  return { ...userContent(readable, path, taken), warnings };
}

function takes(part: ContentPart, { inputs, files }: Taken): boolean {
  if (part.type !== 'input_image' && part.type !== 'input_file') return true;
  if (inputs.includes(part.type === 'input_image' ? 'image' : 'file')) return true;
  const uploaded = part.file_id ? files.get(part.file_id) : undefined;
  return (
    uploaded?.text !== undefined || (uploaded?.data.startsWith('data:image/') === true && inputs.includes('image'))
  );
}

function promptPart(part: ContentPart, path: Path, { inputs, addressRefusal, files }: Taken): PromptPart {
  const uploaded = 'file_id' in part && part.file_id ? files.get(part.file_id) : undefined;
  if (uploaded !== undefined) return uploadedPart(part, path, { inputs, uploaded });
  if (part.type === 'input_image' && inputs.includes('image')) return imagePart(part, path, addressRefusal);
  if (part.type === 'input_file' && inputs.includes('file')) return filePart(part, path);
  return { type: 'text', text: partText(part, path) };
}

/** Text is text for every model; any other file is for one that takes it. */
function uploadedPart(
  part: ContentPart,
  path: Path,
  { inputs, uploaded }: { inputs: Inputs; uploaded: PromptFile },
): PromptPart {
  const { name, data, text } = uploaded;
  if (text !== undefined) return { type: 'text', text };
  if (data.startsWith('data:image/') && inputs.includes('image')) return { type: 'image', url: data };
  if (part.type === 'input_file' && inputs.includes('file')) return { type: 'file', data, name };
  return { type: 'text', text: partText(part, path) };
}

function imagePart({ image_url: url, detail, file_id }: Image, path: Path, addressRefusal: AddressRefusal): PromptPart {
  if (file_id) throw invalidAt([...path, 'file_id'], 'expected image_url, or the id of an existing file');
  if (!url || !/^(?:https?:\/\/|data:image\/)/i.test(url)) {
    throw invalidAt([...path, 'image_url'], 'expected an http(s) or data:image URL');
  }
  if (!/^data:/i.test(url)) {
    const reason = URL.canParse(url) ? addressRefusal(url) : 'expected an http(s) or data:image URL';
    if (reason !== undefined) throw invalidAt([...path, 'image_url'], reason);
  }
  return { type: 'image', url, ...(detail === undefined ? {} : { detail }) };
}

function filePart({ file_id, file_url, file_data: data, filename: name }: File, path: Path): PromptPart {
  if (file_id) throw invalidAt([...path, 'file_id'], 'expected file_data, or the id of an existing file');
  if (file_url) throw invalidAt([...path, 'file_url'], 'expected file_data; the service does not download files');
  // The model's server might fetch any other URL.
  if (!data || (data.includes(':') && !/^data:/i.test(data))) {
    throw invalidAt([...path, 'file_data'], 'expected the file as a data URL');
  }
  return { type: 'file', data, ...(name === undefined ? {} : { name }) };
}

function partText(part: ContentPart, path: Path): string {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
      return part.text;
    case 'refusal':
      return part.refusal;
    case 'input_image':
      throw unsupportedAt(path, 'expected text; this model cannot see images');
    case 'input_file':
      throw unsupportedAt(path, 'expected text; this model cannot read files');
    default:
      return part satisfies never;
  }
}

/** The part of an item at `path` cannot be used. */
export function unsupportedAt(path: Path, reason: string): ServiceError {
  return unsupportedInput(fieldPath(path), reason);
}

/** The value at `path` is not allowed. */
export function invalidAt(path: Path, expected: string): ServiceError {
  return invalidValue(fieldPath(path), expected);
}

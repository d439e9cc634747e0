import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { InputItem } from '../contracts/responses/input-item.ts';
import { CliError, exitCodes, fileError } from './cli-error.ts';

const imageTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
};

/**
 * A question with files: text stands below it under its file's name, so every model reads it; images and PDF files are
 * sent as they are, and the service refuses them where the model takes none.
 * @throws CliError for a file that can't be read or sent
 */
export async function questionWithFiles(question: string, files: readonly string[]): Promise<string | InputItem[]> {
  if (files.length === 0) return question;
  const parts = await Promise.all(files.map(filePart));
  return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: question }, ...parts] }];
}

async function filePart(file: string) {
  const content = await readFile(file).catch((cause: unknown) => {
    throw fileError(file, 'read', cause);
  });
  const name = basename(file);
  const kind = extname(file).toLowerCase();
  const image = imageTypes[kind];
  const data = (type: string) => `data:${type};base64,${content.toString('base64')}`;
  if (image !== undefined) return { type: 'input_image' as const, image_url: data(image) };
  if (kind === '.pdf') return { type: 'input_file' as const, filename: name, file_data: data('application/pdf') };
  return { type: 'input_text' as const, text: `\n\n${name}:\n${textOf(content, file)}` };
}

function textOf(content: Buffer, file: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  throw new CliError({
    message: `${file} is neither text in UTF-8, an image (PNG, JPEG, GIF, WebP) nor a PDF file.`,
    exitCode: exitCodes.usage,
  });
}

import type { Arena, Expression } from './expression.ts';
import { jsonCharacter } from './json-text.ts';
import { regexLanguage } from './regex-language.ts';
import { UnsupportedRegex } from './regex-syntax.ts';
import { unsupported } from './unsupported.ts';

/** The contents of JSON strings whose decoded text matches the pattern; `path` is where the caller wrote it. */
export function patternLanguage(
  arena: Arena,
  pattern: string,
  { path, whole }: { path: string; whole: boolean },
): Expression {
  try {
    return regexLanguage(arena, pattern, { code: jsonCharacter, whole });
  } catch (error) {
    if (error instanceof UnsupportedRegex) throw unsupported(path, error.message);
    throw error;
  }
}

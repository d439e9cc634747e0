import type { CodePoints } from './utf8.ts';

/** A regular expression of ECMAScript, read; captures are groups like any other. */
export type RegexSyntax =
  | { kind: 'characters'; ranges: CodePoints }
  | { kind: 'sequence'; items: readonly RegexSyntax[] }
  | { kind: 'alternatives'; options: readonly RegexSyntax[] }
  | { kind: 'repeat'; inner: RegexSyntax; minimum: number; maximum: number }
  | { kind: 'start' }
  | { kind: 'end' }
  | { kind: 'lookahead'; inner: RegexSyntax; negative: boolean };

/** What a pattern asks for that is not enforced; the message is written for the caller. */
export class UnsupportedRegex extends Error {
  override readonly name = 'UnsupportedRegex';
}

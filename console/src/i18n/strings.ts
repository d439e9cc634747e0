import { type Language, usePreferences } from '../preferences.ts';

/** A view's words: texts, functions that put values into a text, and groups of these. */
export type Words = { readonly [name: string]: string | ((...values: never[]) => string) | Words };

/** The same shape as `T`, so that a missing or surplus translation does not compile. */
export type Translation<T> = {
  readonly [Name in keyof T]: T[Name] extends string
    ? string
    : T[Name] extends (...values: infer Values) => string
      ? (...values: Values) => string
      : Translation<T[Name]>;
};

export type Strings<T extends Words> = Readonly<Record<Language, Translation<T>>>;

/** Words of one view in every language of the console: `defineStrings({ en: …, ko: … })`; English gives the shape. */
export function defineStrings<const T extends Words>(languages: { en: T; ko: Translation<NoInfer<T>> }): Strings<T>;
export function defineStrings(languages: Strings<Words>): Strings<Words> {
  return languages;
}

/** The words in the reader's language. */
export function useStrings<T extends Words>(strings: Strings<T>): Translation<T> {
  return strings[usePreferences().language];
}

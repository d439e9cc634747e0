import { usePreferences } from '../preferences.ts';
import { inKorean } from './korean-sentences.ts';

/** Sentences that the service writes in English, in the reader's language; one that is not known here stays as it is. */
export function useServiceSentence(): (sentence: string) => string {
  const { language } = usePreferences();
  return language === 'ko' ? inKorean : (sentence) => sentence;
}

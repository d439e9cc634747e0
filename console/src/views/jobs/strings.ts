import { defineStrings } from '../../i18n/strings.ts';

export const strings = defineStrings({
  en: { title: 'Jobs' },
  ko: { title: '작업' },
});

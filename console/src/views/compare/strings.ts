import { defineStrings } from '../../i18n/strings.ts';

export const strings = defineStrings({
  en: { title: 'Compare' },
  ko: { title: 'Compare' },
});

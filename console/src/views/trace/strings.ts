import { defineStrings } from '../../i18n/strings.ts';

export const strings = defineStrings({
  en: { title: 'Trace' },
  ko: { title: '추적' },
});

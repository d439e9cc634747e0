import { defineStrings } from '../../i18n/strings.ts';

export const strings = defineStrings({
  en: { title: 'Eval' },
  ko: { title: '평가' },
});

import { defineStrings } from '../../i18n/strings.ts';

export const strings = defineStrings({
  en: { title: 'Settings' },
  ko: { title: '설정' },
});

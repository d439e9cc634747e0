import { KeyRound, Languages, Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { Button, IconButton } from '../components/button.tsx';
import { useStrings } from '../i18n/strings.ts';
import { setPreferences, usePreferences } from '../preferences.ts';
import styles from './frame.module.css';
import { frameStrings } from './frame.strings.ts';
import { KeyDialog } from './key-dialog.tsx';

const nextTheme = { system: 'light', light: 'dark', dark: 'system' } as const;
const themeIcons = { system: Monitor, light: Sun, dark: Moon };

/** Language, appearance and key: the reader's own choices. */
export function ReaderControls() {
  const words = useStrings(frameStrings);
  const { theme, language, key } = usePreferences();
  const [entering, setEntering] = useState(false);
  const ThemeIcon = themeIcons[theme];
  return (
    <div className={styles.controls}>
      <IconButton
        label={`${words.theme}: ${words.themes[theme]}`}
        onClick={() => setPreferences({ theme: nextTheme[theme] })}
      >
        <ThemeIcon />
      </IconButton>
      <Button
        look="quiet"
        icon={<Languages aria-hidden="true" />}
        lang={language === 'en' ? 'ko' : 'en'}
        onClick={() => setPreferences({ language: language === 'en' ? 'ko' : 'en' })}
      >
        {language === 'en' ? '한국어' : 'English'}
      </Button>
      <IconButton
        label={key === '' ? words.keyOpen : words.keySet}
        aria-pressed={key !== ''}
        onClick={() => setEntering(true)}
      >
        <KeyRound />
      </IconButton>
      {entering && <KeyDialog onClose={() => setEntering(false)} />}
    </div>
  );
}

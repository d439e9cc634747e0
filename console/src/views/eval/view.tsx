import { Page } from '../../components/page.tsx';
import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';

export function View() {
  const words = useStrings(strings);
  return <Page title={words.title}>{null}</Page>;
}

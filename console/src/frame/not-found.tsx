import { Link } from 'react-router';
import { Page } from '../components/page.tsx';
import { Empty } from '../components/states.tsx';
import { useStrings } from '../i18n/strings.ts';
import { frameStrings } from './frame.strings.ts';

export function NotFound() {
  const words = useStrings(frameStrings);
  return (
    <Page title={words.missing}>
      <Empty title={words.missing} action={<Link to="/">{words.home}</Link>}>
        {words.missingLead}
      </Empty>
    </Page>
  );
}

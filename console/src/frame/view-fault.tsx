import { useRouteError } from 'react-router';
import { Button } from '../components/button.tsx';
import { Page } from '../components/page.tsx';
import { Empty } from '../components/states.tsx';
import { useStrings } from '../i18n/strings.ts';
import { frameStrings } from './frame.strings.ts';

/** Stands in for a view that threw, or whose script is not to be had although the service answers. */
export function ViewFault() {
  const words = useStrings(frameStrings);
  const error = useRouteError();
  return (
    <Page title={words.viewFault}>
      <Empty
        title={words.viewFaultLead}
        action={<Button onClick={() => window.location.reload()}>{words.reload}</Button>}
      >
        {error instanceof Error ? error.message : String(error)}
      </Empty>
    </Page>
  );
}

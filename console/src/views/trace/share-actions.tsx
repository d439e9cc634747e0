import { Check, Download, Link2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Response } from '../../../../src/contracts/responses/response.ts';
import type { TraceStep } from '../../../../src/contracts/responses/trace.ts';
import { Button } from '../../components/button.tsx';
import { copyText } from '../../components/copy-text.ts';
import { saveFile } from '../../components/save-file.ts';
import { useStrings } from '../../i18n/strings.ts';
import { strings } from './strings.ts';

/** A link to this page for whoever uses this service, and the whole of it as a file. */
export function ShareActions({ response, steps }: { response: Response; steps: readonly TraceStep[] }) {
  const words = useStrings(strings);
  const [copying, setCopying] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (copying === 'idle') return;
    const timer = setTimeout(setCopying, 3_000, 'idle');
    return () => clearTimeout(timer);
  }, [copying]);
  const copy = async () => setCopying((await copyText(location.href)) ? 'copied' : 'failed');
  return (
    <>
      <Button icon={copying === 'copied' ? <Check aria-hidden="true" /> : <Link2 aria-hidden="true" />} onClick={copy}>
        {copying === 'copied' ? words.copied : words.copyLink}
      </Button>
      <Button icon={<Download aria-hidden="true" />} onClick={() => save(response, steps)}>
        {words.download}
      </Button>
      <span role="status" className="visually-hidden">
        {copying === 'copied' ? words.copied : copying === 'failed' ? words.copyFailed : ''}
      </span>
    </>
  );
}

function save(response: Response, steps: readonly TraceStep[]): void {
  const text = `${JSON.stringify({ response_id: response.id, steps, response }, undefined, 2)}\n`;
  saveFile(text, { name: `${response.id}.trace.json`, type: 'application/json' });
}

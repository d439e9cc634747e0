import { Ban, CircleDashed, CircleDot, CircleX, Hourglass, Loader } from 'lucide-react';
import type { JobStatus } from '../../../../src/contracts/responses/job.ts';
import { Badge } from '../../components/badge.tsx';
import { statuses } from '../../i18n/statuses.ts';
import { useStrings } from '../../i18n/strings.ts';

const looks = {
  queued: { look: 'neutral', Icon: Hourglass },
  in_progress: { look: 'accent', Icon: Loader },
  completed: { look: 'good', Icon: CircleDot },
  incomplete: { look: 'warn', Icon: CircleDashed },
  failed: { look: 'bad', Icon: CircleX },
  cancelled: { look: 'neutral', Icon: Ban },
} as const satisfies Record<JobStatus, unknown>;

/** The status of a response as a word with a picture, never colour alone. */
export function StatusBadge({ status }: { status: JobStatus }) {
  const words = useStrings(statuses);
  const { look, Icon } = looks[status];
  return (
    <Badge look={look}>
      <Icon aria-hidden="true" />
      {words[status]}
    </Badge>
  );
}

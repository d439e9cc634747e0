import { Ban, Check, CircleDashed, CircleX, Hourglass, Loader } from 'lucide-react';
import type { JobStatus } from '../../../../src/contracts/job.ts';
import { Badge } from '../../components/badge.tsx';
import { defineStrings, useStrings } from '../../i18n/strings.ts';

const strings = defineStrings({
  en: {
    queued: 'Queued',
    in_progress: 'Running',
    completed: 'Completed',
    incomplete: 'Incomplete',
    failed: 'Failed',
    cancelled: 'Cancelled',
  },
  ko: {
    queued: '대기 중',
    in_progress: '실행 중',
    completed: '완료',
    incomplete: '미완성',
    failed: '실패',
    cancelled: '취소됨',
  },
});

const looks = {
  queued: { look: 'neutral', Icon: Hourglass },
  in_progress: { look: 'accent', Icon: Loader },
  completed: { look: 'good', Icon: Check },
  incomplete: { look: 'warn', Icon: CircleDashed },
  failed: { look: 'bad', Icon: CircleX },
  cancelled: { look: 'neutral', Icon: Ban },
} as const satisfies Record<JobStatus, unknown>;

/** The status of a response as a word with a picture, never colour alone. */
export function StatusBadge({ status }: { status: JobStatus }) {
  const words = useStrings(strings);
  const { look, Icon } = looks[status];
  return (
    <Badge look={look}>
      <Icon aria-hidden="true" />
      {words[status]}
    </Badge>
  );
}

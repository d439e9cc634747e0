/** A response's status in words, wherever it is shown. */
export const statuses = {
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
};

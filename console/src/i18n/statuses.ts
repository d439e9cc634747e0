import { defineStrings } from './strings.ts';

/** A response's status in words, wherever it is shown. */
export const statuses = defineStrings({
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

/** The phases of an answer, as nouns: in lists, legends and charts. */
export const phaseNames = defineStrings({
  en: {
    draft: 'Draft',
    think: 'Think',
    tool: 'Tool call',
    check: 'Check',
    revise: 'Revise',
    vote: 'Vote',
    answer: 'Answer',
    forced: 'Inserted',
    discarded: 'Not chosen',
  },
  ko: {
    draft: '초안',
    think: '생각',
    tool: '도구 호출',
    check: '검사',
    revise: '수정',
    vote: '투표',
    answer: '답변',
    forced: '삽입',
    discarded: '선택 안 됨',
  },
});

/** What an answer that is not there yet is at, the same in every view. */
export const activities = defineStrings({
  en: {
    sending: 'Sending',
    queued: 'Queued',
    draft: 'Drafting',
    think: 'Thinking',
    tool: 'Calling a tool',
    check: 'Checking',
    revise: 'Revising',
    vote: 'Voting',
    answer: 'Answering',
    answerAsked: 'Answering with the best result so far',
    stopping: 'Stopping',
    running: 'running',
  },
  ko: {
    sending: '보내는 중',
    queued: '대기 중',
    draft: '초안 작성 중',
    think: '생각 중',
    tool: '도구 호출 중',
    check: '검사 중',
    revise: '수정 중',
    vote: '투표 중',
    answer: '답하는 중',
    answerAsked: '지금까지의 내용으로 답하는 중',
    stopping: '멈추는 중',
    running: '실행 중',
  },
});

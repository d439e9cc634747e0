import { defineStrings } from '../i18n/strings.ts';

export const runCardStrings = defineStrings({
  en: {
    loading: 'Loading the answer…',
    unreachable: 'The service does not answer. Trying again…',
    answer: 'Answer',
    ended: (answer: string) => `The answer has arrived: ${answer}`,
    trace: 'Trace',
    answerNow: 'Answer now',
    answerNowAbout: 'Ends the thinking and answers with the best result so far',
    stop: 'Stop',
  },
  ko: {
    loading: '답변을 가져오는 중…',
    unreachable: '서비스가 응답하지 않습니다. 다시 시도하는 중…',
    answer: '답변',
    ended: (answer: string) => `답이 나왔습니다: ${answer}`,
    trace: '추론 기록',
    answerNow: '지금 답하기',
    answerNowAbout: '생각을 끝내고 지금까지의 내용으로 답합니다',
    stop: '멈추기',
  },
});

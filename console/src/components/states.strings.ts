import { defineStrings } from '../i18n/strings.ts';

export const stateStrings = defineStrings({
  en: {
    loading: 'Loading…',
    retry: 'Try again',
    enterKey: 'Enter a key',
    retryIn: (seconds: number) => `Trying again in ${seconds} s.`,
    requestId: (id: string) => `Request ${id}`,
    titles: {
      offline: 'The service does not answer',
      key: 'A key is needed',
      scope: 'This key may not do that',
      limited: 'Too many requests',
      missing: 'Not found',
      unavailable: 'The service is not ready',
      invalid: 'The service could not take this',
      conflict: 'Not possible any more',
      server: 'Something went wrong in the service',
    },
    advice: {
      offline:
        'Check that it runs and that this machine is connected. Nothing you sent is lost: a running answer goes on.',
      key: 'Enter a key of this service, or ask whoever runs it for one.',
      scope: 'Whoever runs the service can give your key the scope.',
      limited: 'Others are waiting too.',
      missing: '',
      unavailable: 'It is starting, or its queue is away.',
      invalid: '',
      conflict: '',
      server: '',
    },
  },
  ko: {
    loading: '불러오는 중…',
    retry: '다시 시도',
    enterKey: '키 입력',
    retryIn: (seconds: number) => `${seconds}초 뒤에 다시 시도합니다.`,
    requestId: (id: string) => `요청 ${id}`,
    titles: {
      offline: '서비스가 응답하지 않습니다',
      key: '키가 필요합니다',
      scope: '이 키로는 할 수 없습니다',
      limited: '요청이 너무 많습니다',
      missing: '찾을 수 없습니다',
      unavailable: '서비스가 준비되지 않았습니다',
      invalid: '서비스가 받아들일 수 없는 요청입니다',
      conflict: '더 이상 할 수 없습니다',
      server: '서비스에서 문제가 생겼습니다',
    },
    advice: {
      offline:
        '서비스가 실행 중이고 이 기기가 연결되어 있는지 확인하세요. 보낸 것은 사라지지 않으며, 진행 중인 답변은 계속됩니다.',
      key: '이 서비스의 키를 입력하거나 운영자에게 요청하세요.',
      scope: '서비스 운영자가 키에 권한을 줄 수 있습니다.',
      limited: '다른 요청도 기다리고 있습니다.',
      missing: '',
      unavailable: '시작하는 중이거나 대기열에 연결할 수 없습니다.',
      invalid: '',
      conflict: '',
      server: '',
    },
  },
});

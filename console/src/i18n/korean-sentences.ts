/** A sentence that the service writes in English, in Korean; one that is not known here stays as it is. */
export function inKorean(sentence: string): string {
  for (const [pattern, korean] of sentences) {
    if (pattern.test(sentence)) return sentence.replace(pattern, korean);
  }
  return sentence;
}

const sentences: readonly (readonly [RegExp, string])[] = [
  // Verdicts: src/reasoning/voting/answer-verdict.ts.
  [/^No chain came to an answer, so this is a fast one\.$/, '답에 이른 흐름이 없어 바로 낸 답입니다.'],
  [/^The caller's check (\S+) confirmed this answer\.$/, '호출자의 검사 $1 항목이 이 답을 확인했습니다.'],
  [/^Answers in open text are not compared with each other\.$/, '자유로운 글로 된 답은 서로 비교하지 않습니다.'],
  [
    /^The fast answer stands; the one chain gave another\.$/,
    '바로 낸 답을 그대로 둡니다. 하나뿐인 흐름의 답은 달랐습니다.',
  ],
  [/^One chain was run, so there is nothing to compare it with\.$/, '흐름이 하나뿐이어서 비교할 것이 없습니다.'],
  [/^No two of (\d+) chains gave this answer\.$/, '흐름 $1개 가운데 이 답을 낸 것이 둘이 되지 않습니다.'],
  [
    /^The chains disagree: (\d+) of (\d+) gave this answer, as many another\.$/,
    '흐름들의 답이 갈립니다. $2개 중 $1개가 이 답을, 같은 수가 다른 답을 냈습니다.',
  ],
  [
    /^The chains disagree: (\d+) of (\d+) gave this answer, (\d+) another\.$/,
    '흐름들의 답이 갈립니다. $2개 중 $1개가 이 답을, $3개가 다른 답을 냈습니다.',
  ],
  [/^(\d+) of (\d+) chains gave this answer\.$/, '흐름 $2개 중 $1개가 이 답을 냈습니다.'],
  [/^Every attempt failed a check.*$/, '모든 시도가 검사를 통과하지 못해 이 답은 짐작입니다.'],
  // Steps: src/reasoning.
  [/^Drafts a fast answer\.$/, '빠른 초안을 씁니다.'],
  [/^Tries a fast answer\.$/, '바로 답해 봅니다.'],
  [/^The fast answer stands\.$/, '바로 낸 답을 그대로 씁니다.'],
  [/^Tried a fast answer; thinks, effort (\w+)\.$/, '바로 답해 본 뒤 노력 $1로 생각합니다.'],
  [/^Thinks in one(?: greedy)? chain\.$/, '하나의 흐름으로 생각합니다.'],
  [/^Thinks in a sampled chain\.$/, '표본 흐름으로 생각합니다.'],
  [/^Answers from its thought\.$/, '생각한 것으로 답합니다.'],
  [/^Answers at once, without thinking\.$/, '생각하지 않고 바로 답합니다.'],
  [/^Takes the wrong line back and writes it anew\.$/, '틀린 줄을 취소하고 다시 씁니다.'],
  [/^Goes back to before the wrong line\.$/, '틀린 줄 앞으로 돌아갑니다.'],
  [/^Goes on from the new line\.$/, '새 줄에서 이어 갑니다.'],
  [/^Is told what failed and thinks again\.$/, '무엇이 틀렸는지 듣고 다시 생각합니다.'],
  [/^Calls (\S+)\.$/, '$1 도구를 부릅니다.'],
  [/^Called (\S+)\.$/, '$1 도구를 불렀습니다.'],
  [/^Called (\S+): an error\.$/, '$1 도구 호출이 실패했습니다.'],
  [/^Compares the two leading answers\.$/, '앞선 두 답을 비교합니다.'],
  [/^Stopped: the deadline passed\.$/, '시간이 다 되어 멈췄습니다.'],
  // Models: src/entry/models, src/models/config/complete-upstream.ts.
  [/^No worker has begun to load it yet\.$/, '아직 불러오기 시작한 작업자가 없습니다.'],
  [/^This API process has not read it yet\.$/, '이 API 프로세스가 아직 읽지 않았습니다.'],
  [/^It could not be (?:opened|loaded); the log says why\.$/, '열 수 없습니다. 이유는 로그에 있습니다.'],
  [/^Nothing answers the worker at (\S+)\.$/, '작업자가 보기에 $1에서 응답이 없습니다.'],
  [/^It is downloaded from the hub now, which takes a while\.$/, '지금 허브에서 내려받습니다. 시간이 걸립니다.'],
  [
    /^Nothing answers at (\S+); start the server first, or correct the address\.$/,
    '$1에서 응답이 없습니다. 서버를 먼저 시작하거나 주소를 고치세요.',
  ],
  [
    /^This is the address of this service; give the address of a model server\.$/,
    '이 서비스 자신의 주소입니다. 모델 서버의 주소를 적으세요.',
  ],
  [
    /^Expected the address of a model server, not a link-local, metadata or reserved one\.$/,
    '모델 서버의 주소가 아니라 링크 로컬, 메타데이터 또는 예약된 주소입니다.',
  ],
  [/^The server has no model (\S+); the names most like it are (.+)\.$/, '서버에 $1 모델이 없습니다. 비슷한 이름: $2.'],
  [/^Name one of the server's models: (.+)\.$/, '서버의 모델 가운데 하나를 적으세요: $1.'],
  [/^A model (\S+) already exists; give this one another id\.$/, '$1 모델이 이미 있습니다. 다른 Id를 적으세요.'],
  [
    /^(\S+) is not sent to (\S+): the configuration file has no model there with this variable\.$/,
    '$1 변수는 $2에 보내지 않습니다. 설정 파일에 이 주소와 변수를 함께 쓰는 모델이 없습니다.',
  ],
  [/^The answer came out empty\.$/, '답이 비어 있습니다.'],
];

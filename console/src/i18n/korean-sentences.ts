/** A sentence that the service writes in English, in Korean; one that is not known here stays as it is. */
export function inKorean(sentence: string): string {
  for (const [pattern, korean] of sentences) {
    const found = pattern.exec(sentence);
    if (found === null) continue;
    return typeof korean === 'string' ? sentence.replace(pattern, korean) : korean(...found.slice(1));
  }
  return sentence;
}

type Korean = string | ((...parts: string[]) => string);

const subjects: Readonly<Record<string, string>> = {
  'The draft': '초안',
  'The chain': '흐름',
  'The revised chain': '고친 흐름',
};

/** How a chain ended, without the answer that it gave. */
function chainEnd(text: string): string {
  return [
    text.includes('when its thinking was cut') ? '생각이 잘린 뒤' : '',
    text.includes('repeating itself') ? '같은 말을 되풀이함' : '',
    text.includes('and was cut') ? '답이 잘림' : '',
  ]
    .filter((part) => part !== '')
    .map((part) => `, ${part}`)
    .join('');
}

/** What the checks found in a chain, after its semicolon. */
function chainChecks(text: string): string {
  const failed = /^a line failed its check \((.+)\)$/.exec(text);
  if (failed !== null) return `; 한 줄이 검사(${failed[1]})를 통과하지 못함`;
  const found = /^a check found: (.+)$/.exec(text);
  if (found !== null) return `; 검사 결과: ${inKorean(found[1] ?? '')}`;
  const passed = /^(\d+) checks? passed$/.exec(text);
  return passed === null ? `; ${text}` : `; 검사 ${passed[1]}개 통과`;
}

const sentences: readonly (readonly [RegExp, Korean])[] = [
  // Verdicts: src/reasoning/voting/answer-verdict.ts.
  [/^No chain gave an answer, so this is a fast one\.$/, '답에 이른 흐름이 없어 바로 낸 답입니다.'],
  [/^The caller's check (\S+) confirmed this answer\.$/, '호출자의 검사 $1 항목이 이 답을 확인했습니다.'],
  [/^Answers in open text are not compared with each other\.$/, '자유로운 글로 된 답은 서로 비교하지 않습니다.'],
  [
    /^The fast answer was kept; the only chain gave a different one\.$/,
    '바로 낸 답을 그대로 둡니다. 하나뿐인 흐름의 답은 달랐습니다.',
  ],
  [/^One chain was run, so there is nothing to compare it with\.$/, '흐름이 하나뿐이어서 비교할 것이 없습니다.'],
  [
    /^One chain ended, and the others were stopped, so there is nothing to compare it with\.$/,
    '흐름 하나가 끝났고 나머지는 멈췄으므로 비교할 것이 없습니다.',
  ],
  [/^No two of (\d+) chains gave this answer\.$/, '흐름 $1개 가운데 이 답을 낸 것이 둘이 되지 않습니다.'],
  [
    /^The chains disagree: (\d+) of (\d+) gave this answer, as many gave another\.$/,
    '흐름들의 답이 갈립니다. $2개 중 $1개가 이 답을, 같은 수가 다른 답을 냈습니다.',
  ],
  [
    /^The chains disagree: (\d+) of (\d+) gave this answer, (\d+) gave another\.$/,
    '흐름들의 답이 갈립니다. $2개 중 $1개가 이 답을, $3개가 다른 답을 냈습니다.',
  ],
  [/^(\d+) of (\d+) chains gave this answer\.$/, '흐름 $2개 중 $1개가 이 답을 냈습니다.'],
  [/^Every attempt failed a check.*$/, '모든 시도가 검사를 통과하지 못해 이 답은 짐작입니다.'],
  [
    /^A check found this answer wrong.*$/,
    '검사에서 이 답이 틀린 것으로 나왔지만 더 나은 답이 없어 이 답은 짐작입니다.',
  ],
  // Steps: src/reasoning.
  [/^Drafts a fast answer\.$/, '빠른 초안을 씁니다.'],
  [/^Tries a fast answer\.$/, '바로 답해 봅니다.'],
  [/^The fast answer is kept\.$/, '바로 낸 답을 그대로 씁니다.'],
  [/^Tried a fast answer; thinks with effort (\w+)\.$/, '바로 답해 본 뒤 노력 $1로 생각합니다.'],
  [/^Thinks in one(?: greedy)? chain\.$/, '하나의 흐름으로 생각합니다.'],
  [/^Thinks in a sampled chain\.$/, '표본 흐름으로 생각합니다.'],
  [/^Answers from its thought\.$/, '생각한 것으로 답합니다.'],
  [/^Answers at once, without thinking\.$/, '생각하지 않고 바로 답합니다.'],
  [/^Corrects the wrong line and continues from it\.$/, '틀린 줄을 바로잡고 거기서 이어 갑니다.'],
  [/^Retracts the wrong line and rewrites it\.$/, '틀린 줄을 취소하고 다시 씁니다.'],
  [/^Removes the wrong line and rewrites it\.$/, '틀린 줄을 지우고 다시 씁니다.'],
  [/^Continues from the new line\.$/, '새 줄에서 이어 갑니다.'],
  [/^Thinks again, with the failed check in the prompt\.$/, '통과하지 못한 검사를 프롬프트에 넣고 다시 생각합니다.'],
  [/^Calls (\S+)\.$/, '$1 도구를 부릅니다.'],
  [/^Called (\S+)\.$/, '$1 도구를 불렀습니다.'],
  [/^Called (\S+), which failed\.$/, '$1 도구 호출이 실패했습니다.'],
  // A chain's end: src/reasoning/sampling/judged-samples.ts.
  [
    /^(The (?:draft|chain|revised chain)) gave no answer\.$/,
    (subject = '') => `${subjects[subject] ?? subject}: 답이 없음.`,
  ],
  [
    /^(The (?:draft|chain|revised chain)) (?:answered (.*?)|gave an answer in words)( when its thinking was cut)?(, repeating itself|, and was cut)?(?:; (.+))?\.$/,
    (subject = '', answer, cut = '', end = '', checks) => {
      const said = answer === undefined ? '글로 된 답' : `답 ${answer}`;
      return `${subjects[subject] ?? subject}: ${said}${chainEnd(cut + end)}${checks === undefined ? '' : chainChecks(checks)}.`;
    },
  ],
  // Votes: src/reasoning/voting/decide.ts, src/reasoning/waves.ts.
  [/^There is no answer\.$/, '답이 없습니다.'],
  [
    /^An answer in open text cannot be voted on, so one chain is enough\.(.*)$/,
    (rest) =>
      `투표할 수 있는 답이 아니어서 흐름 하나로 충분합니다.${rest === '' ? '' : ' 그 답이 잘렸거나 되풀이되어 초안을 씁니다.'}`,
  ],
  [
    /^Every answer failed a check; the one with the fewest failures was chosen\.$/,
    '모든 답이 검사를 통과하지 못해, 가장 적게 틀린 답을 씁니다.',
  ],
  [/^The most confident answer was chosen\.(.*)$/, (rest = '') => `가장 확실한 답을 씁니다.${leftOut(rest)}`],
  [
    /^(.+) was preferred when the leading answers were compared\.(.*)$/,
    (answer, rest = '') => `앞선 답들을 비교해 고른 답: ${answer}.${leftOut(rest)}`,
  ],
  [
    /^(.+) leads the vote with (\d+) of (\d+) votes?\.(.*)$/,
    (answer, votes, all, rest = '') => `${all}표 중 ${votes}표로 앞선 답: ${answer}.${leftOut(rest)}`,
  ],
  // The decision of auto: src/reasoning/strategies/auto.ts.
  [/^There was no time to think\.$/, '생각할 시간이 없었습니다.'],
  [/^The fast answer calls a tool\.$/, '도구를 부릅니다.'],
  [/^The fast answer was empty or repeated itself\.$/, '바로 낸 답이 비어 있거나 되풀이되었습니다.'],
  [/^The answer is open text, and such answers are not compared\.$/, '글로 된 답이라 여러 답을 비교할 수 없습니다.'],
  [/^Two fast answers agree\.$/, '바로 낸 두 답이 같습니다.'],
  [/^Two fast answers differ\.$/, '바로 낸 두 답이 다릅니다.'],
  [
    /^The answer is a long text, and this model has no calibration to decide by\.$/,
    '긴 글이고, 더 판단할 보정 자료가 이 모델에는 없습니다.',
  ],
  [
    /^The model's calibration gives (\d+ %) that thinking would not improve it; it is kept from (\d+ %)\.$/,
    '모델의 보정에 따르면 생각해도 더 나아지지 않을 확률이 $1입니다. $2부터 바로 낸 답을 씁니다.',
  ],
  [
    /^After (\d+) tokens?, calibration gives (\d+ %) that thinking would not improve it; below (\d+ %) it is not completed\.$/,
    '토큰 $1개까지 보고 보정에 따르면 생각해도 더 나아지지 않을 확률이 $2입니다. $3보다 낮으면 바로 낸 답을 끝까지 쓰지 않습니다.',
  ],
  [
    /^Its tokens had an average probability of (\d+ %), (\d+ %) or more\.$/,
    '토큰의 평균 확률이 $1로, 기준 $2 이상입니다.',
  ],
  [
    /^Its tokens had an average probability of (\d+ %), less than (\d+ %)\.$/,
    '토큰의 평균 확률이 $1로, 기준 $2보다 낮습니다.',
  ],
  // Searches for a line: src/reasoning/revision/line-search.ts.
  [
    /^(.+\.) No new line passed the checks\.$/,
    (what = '') => `${inKorean(what)} 새 줄이 모두 검사를 통과하지 못했습니다.`,
  ],
  [/^(.+\.) A new line passed the checks\.$/, (what = '') => `${inKorean(what)} 새 줄이 검사를 통과했습니다.`],
  // Checks: src/checks.
  [/^(\d+) (?:equation|unit|number)s? holds?$/, '식 $1개가 맞음'],
  [/^the answer says that (.+) is (.+)$/, '답에는 $1 = $2라고 되어 있음(틀림)'],
  [/^a percentage was asked for, not (.+)$/, '백분율을 물었는데 단위가 $1'],
  [/^a percentage$/, '백분율'],
  [/^(\S+) was asked for, not (\S+)$/, '물은 단위: $1, 답의 단위: $2'],
  [/^in (\S+)$/, '단위: $1'],
  [/^the answer has the form that was asked for$/, '요청한 형식에 맞는 답'],
  [/^only a number was asked for$/, '숫자만 요청함'],
  [/^only the value was asked for$/, '값만 요청함'],
  [/^yes or no was asked for$/, '예/아니요를 요청함'],
  [/^JSON was asked for$/, 'JSON을 요청함'],
  [/^a name was asked for$/, '이름을 물음'],
  [/^one word was asked for$/, '한 단어를 요청함'],
  [/^the number of words was given$/, '단어 수가 정해져 있음'],
  [/^the number of items was given$/, '항목 수가 정해져 있음'],
  [/^the answer matches the pattern$/, '패턴에 맞는 답'],
  [/^the answer does not match the pattern$/, '패턴에 맞지 않는 답'],
  [/^the answer is not JSON$/, 'JSON이 아닌 답'],
  [/^the answer fits the schema$/, '스키마에 맞는 답'],
  [/^the conclusion is the computed word$/, '결론이 계산한 낱말과 일치'],
  [/^the conclusion is not the word that was computed$/, '결론이 계산한 낱말과 다름'],
  [/^the thought computed (.+), its conclusion says (.+)$/, '계산한 낱말: $1, 결론: $2'],
  [/^thought and answer agree$/, '생각과 답이 일치'],
  [/^the answer is not what the thought concludes$/, '답이 생각의 결론과 다름'],
  [/^the thought concludes (.+), the answer says (.+)$/, '생각의 결론: $1, 답: $2'],
  [/^the answer is the expected value$/, '기대한 값과 같은 답'],
  [/^the answer is not the expected value$/, '기대한 값과 다른 답'],
  [/^the caller’s tests passed$/, '호출자의 시험을 통과'],
  [/^the caller’s tests failed(.*)$/, '호출자의 시험을 통과하지 못함$1'],
  [/^the model doubts it: log-odds of yes (.+)$/, '모델이 의심함: ‘예’의 로그 승산 $1'],
  [/^log-odds of yes (.+)$/, '‘예’의 로그 승산 $1'],
  [/^(.*\d.*) is not (.*\d.*)$/, '$1 ≠ $2'],
  // Warnings.
  [
    /^At temperature 0 all chains would be the same: the first was greedy, the others were sampled at (.+)\.$/,
    '온도 0에서는 흐름이 모두 같아집니다. 첫 흐름만 그대로 두고 나머지는 온도 $1로 뽑았습니다.',
  ],
  [
    /^A tool of this request may change something outside, so there was one chain: no vote, no revision\.$/,
    '바깥을 바꿀 수 있는 도구가 있어 흐름 하나만 실행했습니다. 투표와 수정은 없습니다.',
  ],
  [
    /^Lowered from (\d+) to (\d+) tokens, which is what the context and max_output_tokens leave\.$/,
    '문맥과 max_output_tokens에 남은 만큼, $1토큰에서 $2토큰으로 낮췄습니다.',
  ],
  [
    /^Answered fast: input and answer fill the context, and no tokens are left for thinking\.$/,
    '입력과 답이 문맥을 채워 생각할 토큰이 없으므로 바로 답했습니다.',
  ],
  [
    /^Answered fast: max_output_tokens \((\d+)\) leaves no tokens for thinking\. Raise it above (\d+), or lower reasoning\.answer_reserve_tokens\.$/,
    'max_output_tokens($1)에 생각할 토큰이 없어 바로 답했습니다. $2보다 크게 하거나 reasoning.answer_reserve_tokens를 줄이세요.',
  ],
  [
    /^The (\d+) oldest turns were left out so that the rest fits into the context\.$/,
    '나머지가 문맥에 들어가도록 가장 오래된 $1개 차례를 뺐습니다.',
  ],
  [
    /^This model cannot be forced to call a tool; it may answer instead\.$/,
    '이 모델에는 도구 호출을 강제할 수 없습니다. 대신 답할 수 있습니다.',
  ],
  [/^'(.+)' does not support tools; they were ignored\.$/, '$1 모델은 도구를 쓸 수 없어 무시했습니다.'],
  [
    /^The context leaves (\d+) tokens after the input, so the answer cannot reach (\d+)\.$/,
    '입력을 빼면 문맥에 $1토큰이 남아, 답은 $2토큰까지 갈 수 없습니다.',
  ],
  [/^Compares the (\d+) leading answers\.$/, '앞선 답 $1개를 비교합니다.'],
  [
    /^Asked in both orders which of (.+) is right, the model chose (.+) both times\.$/,
    '$1 중 무엇이 맞는지 두 가지 순서로 물었고, 모델은 두 번 모두 $2 쪽을 골랐습니다.',
  ],
  [
    /^Asked in both orders which of (.+) is right, the model did not decide\.$/,
    '$1 중 무엇이 맞는지 두 가지 순서로 물었지만, 모델은 정하지 못했습니다.',
  ],
  [/^The comparison of (.+) was not completed\.$/, '$1 비교를 마치지 못했습니다.'],
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
  [
    /^Stopped: the budget was spent, and another chain had ended\.$/,
    '예산을 다 써서 멈췄습니다. 다른 흐름은 끝났습니다.',
  ],
  [/^Stopped: the answer was settled\.$/, '답이 정해져 멈췄습니다.'],
  [/^Stopped: its stream from the model's server broke\.$/, '모델 서버의 스트림이 끊겨 멈췄습니다.'],
  [
    /^(\d+) of (\d+) chains gave no answer, because the stream from the model's server broke\.$/,
    '흐름 $2개 중 $1개는 모델 서버의 스트림이 끊겨 답하지 못했습니다.',
  ],
  [/^Runs the slow checks on the answer\.$/, '답에 느린 검사를 실행합니다.'],
  [/^The answer was empty\.$/, '답이 비어 있습니다.'],
  // Why a chain was revised: the check's name before what it found. A name has no space, so no other sentence is meant.
  [/^([a-z][\w-]*): (.+)$/, (check, found = '') => `${check}: ${inKorean(found)}`],
];

/** What follows the vote's sentence: whose votes count less, and answers that did not vote. */
function leftOut(text: string): string {
  const parts = [
    [
      /A check found wrong steps in the chains that answered (.+?), so their (\d+) votes count less\./,
      '$1($2표)은 검사에서 틀린 단계가 나온 흐름의 답이어서 뒤로 밀렸습니다.',
    ],
    [/(\d+) answers? (?:was|were) dropped by checks\./, '검사에서 빠진 답: $1개.'],
    [/(\d+) answers? (?:was|were) left out: cut or repetitive\./, '잘렸거나 되풀이되어 빠진 답: $1개.'],
  ] as const;
  return parts
    .flatMap(([pattern, korean]) => {
      const part = pattern.exec(text)?.[0];
      return part === undefined ? [] : [` ${part.replace(pattern, korean)}`];
    })
    .join('');
}

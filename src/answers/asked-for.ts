const number =
  /\bhow (many|much|far|long|old|tall|heavy|fast)\b|\b(calculate|compute|evaluate)\b|\bwhat is the (total|sum|difference|product|average|remainder|number|cost|price)\b/i;
const name = /\b(?:what|which|who|whom|whose|where|when)\b/i;
const words =
  /\b(?:why|explain|describe)\b|\b(?:write|tell|compose|give)\b.{0,40}\b(?:poem|story|essay|letter)\b|\bwrite (?:me )?(?:an?|some)\b|\bhow (?:do|does|did|can|to)\b(?! you (?:spell|say|write|call))/i;
const truth =
  /(?:^|[.!?:\n]\s*)(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should) (?!you\b)[^.?!]*\?/i;

export function asksForNumber(question: string): boolean {
  return number.test(question);
}

/** What, which, who, where, when. */
export function asksForName(question: string): boolean {
  return name.test(question) && !asksForWords(question);
}

/** Whether, with nothing to choose from but yes and no. */
export function asksYesOrNo(question: string): boolean {
  const asked = truth.exec(question)?.[0] ?? '';
  return asked !== '' && !/\bor\b/i.test(asked) && !number.test(question) && !name.test(asked);
}

/** An explanation, a poem: no number that stands in it is what was asked for. */
export function asksForWords(question: string): boolean {
  return words.test(question) && !number.test(question);
}

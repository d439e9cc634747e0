/**
 * Fed as a user turn where a server can't go on with an assistant message: a fed sentence, kept as data as those of
 * `families/` are, and said in words that any chat model follows.
 */
export const answerTurn = 'Stop thinking now. Give your final answer to my question, based on the thinking so far.';

/**
 * Source of a lookahead for behind a number: nothing there makes more of it, or less, or a number of something else (`1,234`, `2/3`,
 * `3 million`, `8 and a half`, `2 more than 3`, `5 squared`).
 */
export const numberEnd = String.raw`(?![\d,.:]*\d|[\w%‰°¢½¼¾!(]|\s*[+*/×÷·^<>=]|\s*[-x−–]\s*[\d(]|\s*\\|\s+\d|,?\s+and\s+(?:a|an|one|two|three|half|\d)|\s+(?:or|plus|minus|times|multiplied|divided|squared|cubed|to|out|per|percent|tens?|dozens?|hundreds?|thousands?|millions?|billions?|half|halves|thirds?|fourths?|quarters?|fifths?|sixths?|eighths?|tenths?|hundredths?|thousandths?)\b|\s+(?:\w+\s+)?(?:more|less|fewer|greater|larger|smaller|longer|shorter|later|earlier|above|below|short|over|under)\b)`;

/** Doubts whether the line holds, or says whose words it gives: what it holds is not its own statement. */
export const isDoubted = (text: string): boolean =>
  /\?|\b(?:if|whether|unless|until|while|when|suppose|assum\w+|claim\w*|says?|said|thinks?|thought|statements?|false|wrong|incorrect|untrue|not true|not the case|not correct|not right|can(?:’t|'t|not)|impossible|instead)\b/i.test(
    text,
  );

/** Characters. A longer text is not a thought of ours, and the checks' patterns, which start again at every position, take seconds. */
const longestText = 32_000;
const longestRun = 1_000;

/** Whether a text is short enough for checks whose time grows with its square: in all, and in each word and gap. */
export function isReadable(text: string): boolean {
  if (text.length > longestText) return false;
  let run = 0;
  let inGap = false;
  for (let at = 0; at < text.length; at += 1) {
    const gap = isBlank(text.charCodeAt(at));
    run = gap === inGap ? run + 1 : 1;
    inGap = gap;
    if (run > longestRun) return false;
  }
  return true;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0;
}

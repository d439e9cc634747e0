import { expect, it } from 'vitest';
import { judgeLines } from './judge-lines.ts';

it.each([
  ['', '3 days later: Monday → Thursday.'],
  ['', '7 days later: Monday → Monday.'],
  ['', 'Yesterday: Friday -> Thursday.'],
  ['', 'Two days ago: Friday -> Thursday -> Wednesday.'],
  ['', 'Every third month: January -> April -> July.'],
  ['', 'Every third month: January -> April -> July.\nSo the answer is October.'],
  ['', 'January > February > April.'],
  ['', 'Adding 3 days: Monday → Thursday.'],
  ['', 'Adding 8 days: Friday → Saturday.'],
  ['', 'Adding 3 months: November -> February.'],
  ['', 'Counting 2 weeks forward: Monday -> Monday -> Monday.'],
  ['', 'Counting 3 business days: Thursday -> Friday -> Monday -> Tuesday.'],
  ['', 'Counting 20 forward: Monday -> Tuesday -> ... -> Sunday.'],
  ['', 'Counting 2 forward: Monday, Tuesday -> Wednesday.'],
  ['', 'Counting 2 forward from the day before: Monday -> Tuesday -> Wednesday.'],
  ['Today is Monday. What day is 2 days after tomorrow?', 'Counting 2 forward: Tuesday -> Wednesday -> Thursday.'],
  ['Today is Monday.', 'The next day is Tuesday.\nCounting 2 forward: Tuesday -> Wednesday -> Thursday.'],
  ['', 'Counting 1 forward: Monday -> Tuesday.\nThe day behind it is Wednesday.\nSo the answer is Wednesday.'],
  ['', 'Monday -> Tuesday -> Wednesday.\nSo the answer is Thursday.'],
  ['How long did the run take?', 'So the answer is 72:30.'],
  ['Which verse is the longest?', 'So the answer is 6:63.'],
])('%s has nothing against: %s', async (question, thought) => {
  expect(await judgeLines('calendar', question, thought)).not.toMatchObject({ verdict: 'fail' });
});

it.each([
  ['', 'Counting 3 forward: Monday -> Wednesday -> Wednesday -> Thursday.', 'Wednesday'],
  ['', 'Counting 3 forward: Monday -> Tuesday -> Wednesday.', 'Wednesday'],
  ['', 'Counting 3 forward: Monday -> Friday.', 'Friday'],
  ['', 'Counting 2 forward: Friday -> Thursday -> Wednesday.', 'Thursday'],
  ['', 'Monday -> Tuesday -> Wednesday -> Friday -> Saturday.', 'Friday'],
  ['Today is Sunday.', 'Counting 1 forward: Monday -> Tuesday.', 'Monday'],
  ['', 'Counting 1 forward: Monday -> Tuesday.\nSo the answer is Friday.', 'Friday'],
  ['When does it end?', 'So the answer is 61:35.', '61:35'],
  ['What time is it?', 'So the answer is 5:65.', '5:65'],
])('%s finds %s', async (question, thought, wrong) => {
  expect(await judgeLines('calendar', question, thought)).toMatchObject({ verdict: 'fail', wrong });
});

/** What keys and values are measured on: a little of what is asked and thought, so that all channels are stirred. */
export const calibrationText = `Anna has 3 boxes with 12 pencils each. She gives 7 pencils to Tom and buys 1,250 more. How many pencils does she have now?

I take it step by step. 3 x 12 = 36. 36 - 7 = 29. 29 + 1250 = 1279. Check: 1279 - 1250 = 29, and 29 + 7 = 36. So the answer is 1279.

The old lighthouse keeper climbed the stairs every evening, although nobody had asked him to for years. "Somebody may still be out there," he said; his daughter, who lived in the village, only shook her head and smiled.

Photosynthesis turns carbon dioxide and water into sugar and oxygen: 6 CO2 + 6 H2O -> C6H12O6 + 6 O2. It was first described in 1779.

function median(values) { const sorted = [...values].sort((a, b) => a - b); return sorted[Math.floor(sorted.length / 2)]; }

{"name": "Zürich", "population": 443037, "tags": ["city", "lake"], "twin": null}

- Sort 58, 4, 82, 38: smallest first, that is 4, 38, 58, 82.
- How many r's are in "strawberry"? s, t, r (1), a, w, b, e, r (2), r (3), y: three.
- If today is Wednesday, 25 days from now it is Sunday.

El perro duerme bajo la mesa. Wir gehen morgen ins Kino. Il fait beau aujourd'hui. 今日は天気がいいですね。 Погода сегодня хорошая.

Wait, let me think again. If all cats are animals and some animals are black, must some cats be black? No: the black ones may all be dogs.`;

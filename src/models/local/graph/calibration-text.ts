/** What keys and values are measured on: a little of all that is asked and thought, so that every head is stirred. */
export const calibrationText = `Anna has 3 boxes with 12 pencils each. She gives 7 to Tom and buys 1,250 more. How many has she now?

3 x 12 = 36. 36 - 7 = 29. 29 + 1250 = 1279. Check: 1279 - 1250 = 29. So the answer is 1279.

The old lighthouse keeper climbed the stairs every evening. "Somebody may still be out there," he said; his daughter only smiled.

6 CO2 + 6 H2O -> C6H12O6 + 6 O2, first described in 1779.

function median(values) { return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]; }

{"name": "Zürich", "population": 443037, "tags": ["city"], "twin": null}

- How many r's are in "strawberry"? s, t, r (1), a, w, b, e, r (2), r (3), y: three.
- If today is Wednesday, 25 days from now it is Sunday.

Wir gehen morgen ins Kino. Il fait beau aujourd'hui. 今日は天気がいいです。 Погода хорошая.

Wait, let me think again. Some animals are black, but the black ones may all be dogs.`;

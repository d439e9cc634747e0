/** Measures that a conversion may stand between: a side with two of them, or a number written with two, is not reckoned. */
export const measure =
  '(?:c|s|secs?|seconds?|mins?|minutes?|h|hrs?|hours?|days?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies)|cents?|dollars?|euros?|pounds?|pence|yen|penny|pennies|nickels?|dimes?|quarters?|rupees?|paise|shillings?|mm|cm|m|km|(?:milli|centi|kilo)?met(?:er|re)s?|inch(?:es)?|feet|foot|ft|yds?|yards?|miles?|mg|g|kg|(?:milli|kilo)?grams?|ounces?|oz|lbs?|stone|tons?|tonnes?|l|ml|(?:milli)?lit(?:er|re)s?|tsp|tbsp|teaspoons?|tablespoons?|cups?|pints?|quarts?|gallons?|dozens?|pairs?|degrees?|tens|hundreds?|thousands?)';
/** Words by which a number stands for another one: `2 dozen`, `5 tens`, `1.5 million`, `2 pm`, `3 squared`. */
export const scale =
  '(?:am|pm|ad|bce?|ce|below|zero|noon|midnight|night|morning|afternoon|evening|clock|dozens?|score|gross|pairs?|couples?|tens|hundreds?|thousands?|[mb]illions?|trillions?|(?:ten|hundred|thousand)ths?|half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|squared|cubed|factorial|percent|percentage|pct|per)';

/** `kJ`, `MHz`, `nm`: a case of its own each. */
const scientific =
  /^(?:[kMGTcdmµμnp]?(?:m|g|s|A|K|mol|Hz|N|Pa|J|W|C|V|F|Ω|eV|L|l|cal|B|bit|byte)|bar|atm|amu|u|°[CF]?|ohms?)$/;

const everyday = wholly(measure);
export const isMeasure = (unit: string): boolean => everyday.test(unit) || scientific.test(unit);
export const isScale = wholly(scale);

/** May be written right behind its number: `5km`, `3am`. */
export const isAttachedUnit = (word: string): boolean =>
  // `20KM` may be a side of a triangle.
  /^\p{Lu}{2,}$/u.test(word)
    ? /^(?:USD|EUR|GBP|AM|PM)$/.test(word)
    : isMeasure(word) || isScale.test(word) || /^(?:in|mph|kmh)$/.test(word);

/** Each may be a unit or an unknown: `3 m`. */
export const letterUnits = new Set(['m', 'g', 'l', 's', 'h', 'c', 'd']);

export const isLetterUnit = (unit: string): boolean => letterUnits.has(unit.charAt(0)) && /^.(?!\p{L})/u.test(unit);

function wholly(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`, 'i');
}

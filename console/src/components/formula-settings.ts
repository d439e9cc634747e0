/**
 * For a text that nobody vouches for: `trust: false` refuses links, images, classes and styles, and `maxSize` caps each width,
 * height and shift, in em and pt. TeX's negative sizes and overlaps are kept within the formula's own box by its style.
 */
export const formulaSettings = {
  throwOnError: true,
  trust: false,
  maxSize: [20, 240] as [number, number],
  maxExpand: 500,
};

/** A thought that ends again and again is let end: past so many, budget forcing only makes it go round in circles. */
export const mostContinuations = 6;

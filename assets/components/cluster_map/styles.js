// How strongly a point is painted, from weakest to strongest; where points share a place the strongest one is seen.

export const NOTHING = 0, DIMMED = 1, DIMMED_CHOSEN = 2, PLAIN = 3, EMPHASISED = 4;

/** How much fits into a work order. */
export const MOST_RIGS = 100;
export const MOST_PARTS_OF_RIG = 16;
export const MOST_PHOTOS = 24;
export const MOST_LOG = 500;

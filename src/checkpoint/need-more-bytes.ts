/** @file What a parser of a file's first bytes throws where they end. */

/** The header goes on past the bytes that were read so far: read more and parse again. */
export class NeedMoreBytes extends Error {}

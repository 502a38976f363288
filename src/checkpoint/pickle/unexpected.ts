/** @file What goes wrong inside a pickle, before its place is known: unpickle.ts makes errors of it that name file and byte. */

/** Something that torch.save does not write. The message is what was found. */
export class Unexpected extends Error {}

/** What would run code, or build what is not a tensor. */
export class Forbidden extends Error {
  /** The global or opcode. */
  readonly asked: string;

  constructor(asked: string, message: string) {
    super(message);
    this.asked = asked;
  }
}

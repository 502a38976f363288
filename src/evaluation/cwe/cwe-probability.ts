/** @file What is said of a function's kind of weakness: a CWE and how probable it is. The shape alone. */

export interface CweProbability {
  /** `CWE-79` */
  readonly id: string;
  /** Among the classes that a head knows, of a function that is vulnerable by one of them. */
  readonly probability: number;
}

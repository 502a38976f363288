/**
 * @file What follows `vultune-ignore:`: a reason, who gives it, until when it holds. `until` is a reserved word: what follows it
 * and is not a day of the calendar is a mistake, for a suppression that was meant to end must not hold for ever.
 */
import { isDay } from './expiry.ts';

export interface SuppressionText {
  readonly reason: string;
  readonly author?: string;
  /** A day. */
  readonly until?: string;
}

const UNTIL = /^(.*?)(?:^|\s)\[?until\b(.*)$/is;
/** `2027-01-31`, `2027-01-31]`, and the author behind it. */
const DAY_AND_REST = /^:?\s*(\S+?)\]?(?:\s+(\[?by\s.*))?$/is;
const BRACKETED_AUTHOR = /^(.*?)(?:^|\s)\[by\s+([^[\]]{1,100})\]$/is;
/** `by hand` belongs to a reason: a name begins with a capital letter or @, or is an address. */
const AUTHOR =
  /^(.*?)(?:^|\s)by\s+(@[\w./-]{1,100}|[\w.+-]{1,100}@[\w.-]{1,100}|\p{Lu}[\p{L}.'-]{0,40}(?: \p{Lu}[\p{L}.'-]{0,40}){0,3})$/su;

export function parseSuppression(text: string): SuppressionText | 'reason-missing' | 'date-wrong' {
  const ending = UNTIL.exec(text.trim());
  if (ending === null) return withAuthor(text.trim(), undefined);
  const [, before = '', after = ''] = ending;
  const [, day = '', behind = ''] = DAY_AND_REST.exec(after.trim()) ?? [];
  if (!isDay(day)) return 'date-wrong';
  return withAuthor(`${before.trim()} ${behind.trim()}`.trim(), day);
}

function withAuthor(text: string, until: string | undefined): SuppressionText | 'reason-missing' {
  const [, before = '', author] = BRACKETED_AUTHOR.exec(text) ?? AUTHOR.exec(text) ?? [];
  const reason = author === undefined ? text : before.trim();
  if (reason === '') return 'reason-missing';
  return {
    reason,
    ...(author === undefined ? {} : { author: author.trim() }),
    ...(until === undefined ? {} : { until }),
  };
}

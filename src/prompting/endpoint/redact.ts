/** @file Takes the key of an API out of whatever a server or a library says, before that is shown, kept or logged. */

const SHOWN = '[key]';
/** Keys of OpenAI's form, for a server that names another one than ours. */
const KEY_LIKE = /\bsk-[\w-]{8,}/g;

/** The text without the key, also where it is written as in a URL or in base64. */
export function redact(text: string, key: string | undefined): string {
  const without =
    key === undefined || key === ''
      ? text
      : [key, encodeURIComponent(key), Buffer.from(key).toString('base64')].reduce(
          (left, form) => left.replaceAll(form, SHOWN),
          text,
        );
  return without.replaceAll(KEY_LIKE, SHOWN);
}

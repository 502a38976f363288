/** @file Users and passwords of addresses, taken out of whatever is printed. */

export function withoutSecrets(text: string): string {
  return text.replace(/([a-z][\w+.-]*:\/\/)[^/@\s'"]+@/gi, '$1');
}

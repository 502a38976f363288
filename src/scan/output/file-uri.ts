/** @file Paths as URIs. */
import { pathToFileURL } from 'node:url';

/** Relative paths percent-encoded part by part, absolute ones as file: URLs. */
export function fileUri(file: string): string {
  if (/^(\/|[A-Za-z]:\/)/.test(file)) return pathToFileURL(file).href;
  return file.split('/').map(encodeURIComponent).join('/');
}

/** @file A project's name out of its repository's address. Fetches nothing. */

/** A longer text is not an address. */
const MOST_CHARACTERS = 2_000;

/**
 * `https://user:pw@host/apache/tomcat.git` → `apache/tomcat`: the last two parts of the path, without secrets. Apache's
 * own repositories (`/repos/asf/x`, `/repos/asf?p=x.git`) and their mirrors are one project, so that no split parts them.
 */
export function projectName(repository: string): string {
  const path = repository
    .slice(0, MOST_CHARACTERS)
    .trim()
    .replace(/\/repos\/asf\/?\?p=([^;&]+).*$/, '/repos/asf/$1')
    .replace(/[?#].*$/, '')
    .replace(/^[a-z][a-z+.-]*:\/\/[^/]*/i, '')
    .replace(/^[\w.-]+@[\w.-]+:/, '')
    .replace(/\/+$/, '')
    .replace(/(?:\.git)+$/, '');
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.at(-3) === 'repos' && segments.at(-2) === 'asf') segments.splice(-2, 1, 'apache');
  return segments.slice(-2).join('/') || 'unknown';
}

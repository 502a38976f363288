/** @file A project's name out of its repository's address. Fetches nothing. */

/**
 * `https://user:pw@host/apache/tomcat.git` → `apache/tomcat`: the last two parts of the path, without secrets. A hosting
 * site's own folders (`/repos/asf/x`, `/p/name/code`) stay as they are.
 */
export function projectName(repository: string): string {
  const path = repository
    .trim()
    .replace(/[?#].*$/, '')
    .replace(/^[a-z][a-z+.-]*:\/\/[^/]*/i, '')
    .replace(/^[\w.-]+@[\w.-]+:/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return segments.slice(-2).join('/') || 'unknown';
}

/**
 * @file Where a repository is, as a list of fixes says it: checked before git ever sees it, and told apart from its
 * other spellings. Git itself is run elsewhere.
 */
import { existsSync } from 'node:fs';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VultuneError } from '../../../base/errors.ts';
import { withoutSecrets } from '../../../git/without-secrets.ts';
import { projectName } from '../../project-name.ts';

export interface RepositoryAddress {
  readonly kind: 'remote' | 'local';
  /** For git: a URL without user and password, or an absolute path. */
  readonly location: string;
  /** The same for every spelling of one remote (`.git`, a slash, http or https); a local path as it is. */
  readonly identity: string;
  /** `owner/name` for records. */
  readonly project: string;
  /** `user:password` as it stood in the URL; never printed, never written. */
  readonly credentials?: string;
}

const SCHEMES = ['https', 'http', 'ssh', 'git', 'file'] as const;

/**
 * @param base folder that relative paths start from
 * @throws VultuneError `GIT_REPOSITORY_REFUSED`: an option, another transport (`ext::`), control characters
 */
export function parseRepository(text: string, base: string): RepositoryAddress {
  const given = text.trim();
  if (given === '' || given.startsWith('-')) throw refused(given, 'it begins with "-" or is empty');
  if (/\p{Cc}/u.test(given)) throw refused(given, 'it holds control characters');
  if (/^[\w+.-]*::/.test(given)) throw refused(given, 'remote helpers (ext::, fd::) run commands');
  const scheme = /^([a-z][\w+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase();
  if (scheme !== undefined) return fromUrl(given, scheme);
  const scp = /^(?:([\w.-]+)@)?([\w.-]+):(?!\/\/)(.+)$/.exec(given);
  if (scp !== null && !/^[A-Za-z]$/.test(scp[2]!) && !existsSync(resolve(base, given))) {
    if (scp[2]!.startsWith('-')) throw refused(given, 'its host begins with "-"');
    const user = scp[1] === undefined ? '' : `${scp[1]}@`;
    return remote(`ssh://${user}${scp[2]}/${scp[3]!.replace(/^\/+/, '')}`);
  }
  return local(isAbsolute(given) ? given : join(base, given));
}

function fromUrl(given: string, scheme: string): RepositoryAddress {
  if (!SCHEMES.some((known) => known === scheme)) {
    throw refused(given, `"${scheme}" is not one of ${SCHEMES.join(', ')}`);
  }
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw refused(given, 'it is not a URL');
  }
  if (url.hostname.startsWith('-') || url.username.startsWith('-')) {
    throw refused(given, 'its host or user begins with "-"');
  }
  if (scheme === 'file') {
    const path = fileURLToPath(url);
    return { ...remote(url.href), identity: url.href, project: basename(path).replace(/\.git$/, '') };
  }
  const credentials = url.password === '' ? '' : `${url.username}:${url.password}`;
  if (credentials !== '' || scheme !== 'ssh') [url.username, url.password] = ['', ''];
  [url.hash, url.search] = ['', ''];
  return { ...remote(url.href), ...(credentials === '' ? {} : { credentials }) };
}

function remote(location: string): RepositoryAddress {
  const url = new URL(location);
  const path = url.pathname.replace(/\/+$/, '').replace(/\.git$/, '');
  return {
    kind: 'remote',
    location,
    identity: `${url.host.toLowerCase()}${path}`,
    project: projectName(location),
  };
}

function local(path: string): RepositoryAddress {
  const location = resolve(path);
  const name = basename(location.replace(/[\\/]\.git$/, '')).replace(/\.git$/, '');
  return { kind: 'local', location, identity: location, project: name };
}

function refused(given: string, why: string): VultuneError {
  const shown = withoutSecrets(given).slice(0, 200);
  return new VultuneError('GIT_REPOSITORY_REFUSED', `refused the repository "${shown}": ${why}`, {
    hint: 'give a path, or a URL with https, http, ssh, git or file',
  });
}

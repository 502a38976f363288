/** @file The folder that an agent's tools may read: paths are held to it, links and `..` included. */
import { statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { VultuneError } from '../base/errors.ts';
import { placeInFolder } from '../base/inside-folder.ts';

/** @returns the real path of a regular file: a pipe would be waited for without end. Throws MCP_PATH. */
export function fileInWorkspace(realRoot: string, path: string): string {
  const place = placeInFolder(realRoot, path);
  const isFile = 'inside' in place && statSync(place.inside, { throwIfNoEntry: false })?.isFile() === true;
  if (isFile) return place.inside;
  const shown = path.slice(0, 200).replaceAll('\0', '\\0');
  throw new VultuneError(
    'MCP_PATH',
    !('refused' in place) || place.refused === 'missing'
      ? `no such file: ${shown}`
      : `${shown} is outside the workspace`,
    { where: { file: shown }, hint: 'Give a path relative to the root of the workspace.' },
  );
}

/** As answers name a file. */
export const pathInWorkspace = (realRoot: string, path: string): string =>
  relative(realRoot, path).split(sep).join('/');

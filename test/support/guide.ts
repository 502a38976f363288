/** @file Runs the commands of a guide as they are written, in a folder that a test prepared. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = resolve(import.meta.dirname, '../..');
const LOADER = pathToFileURL(join(ROOT, 'test/support/typescript-loader.mjs')).href;

export const guideText = (name: string) => readFileSync(join(ROOT, 'docs/guides', name), 'utf8');

/** The fenced blocks of a shell: those that run anywhere (`sh`), or others by what stands behind (`sh on-a-gpu`). */
export const shellBlocks = (text: string, kind = 'sh'): string[] =>
  [...text.matchAll(/^```(sh[^\n]*)\n(.*?)^```$/gms)].flatMap(([, fence, block]) =>
    fence === kind ? [block!] : [],
  );

/**
 * The blocks one after the other in one shell, which stops at the first command that fails.
 * @param variables values in place of those that the guide gives its variables, all of them
 * @returns what was printed; @throws Error where a command fails, or the guide lacks a variable
 */
export function runGuide(
  name: string,
  folder: string,
  variables: Readonly<Record<string, string>>,
): { readonly stdout: string } {
  let script = `set -eu\n${shellBlocks(guideText(name)).join('\n')}`;
  for (const [variable, value] of Object.entries(variables)) {
    const assignment = new RegExp(`^${variable}=.*$`, 'm');
    if (!assignment.test(script)) throw new Error(`${name} has no variable ${variable}`);
    script = script.replace(assignment, `${variable}='${value}'`);
  }
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${installed(folder)}:${process.env.PATH}`,
      NODE_OPTIONS: `--import ${LOADER}`,
      NO_COLOR: '1',
      VULTUNE_CACHE: join(folder, '.cache'),
      GIT_CONFIG_GLOBAL: '/dev/null',
      ...Object.fromEntries(
        ['AUTHOR', 'COMMITTER'].flatMap((who) => [
          [`GIT_${who}_NAME`, 'A'],
          [`GIT_${who}_EMAIL`, 'a@example.org'],
        ]),
      ),
    },
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}\n${stdout}\n${stderr}`);
  return { stdout };
}

/** The command and the package, from the sources; the folder of the command. */
function installed(folder: string): string {
  const bin = join(folder, 'node_modules', '.bin');
  const library = join(folder, 'node_modules', 'vultune');
  for (const made of [bin, library]) mkdirSync(made, { recursive: true });
  const command = join(bin, 'vultune');
  writeFileSync(command, `#!/bin/sh\nexec node '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(
    join(library, 'package.json'),
    JSON.stringify({ name: 'vultune', type: 'module', exports: './index.mjs' }),
  );
  const index = pathToFileURL(join(ROOT, 'src/index.ts')).href;
  writeFileSync(join(library, 'index.mjs'), `export * from '${index}';\n`);
  return bin;
}

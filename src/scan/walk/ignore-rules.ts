/** @file .gitignore files, nested as git has them: the one nearest to a path has the last word. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';

interface Level {
  readonly folder: string;
  readonly rules: Ignore;
}

export class IgnoreRules {
  readonly #levels: readonly Level[];

  private constructor(levels: readonly Level[]) {
    this.#levels = levels;
  }

  /** No rules at all, and none are read below. */
  static none(): IgnoreRules {
    return new IgnoreRules([]);
  }

  /** The rules that hold in `folder` by the files above it, up to the repository it lies in. */
  static above(folder: string): IgnoreRules {
    const chain = [folder];
    while (!existsSync(join(chain[0]!, '.git'))) {
      const parent = dirname(chain[0]!);
      // No repository: only the files of the tree itself count.
      if (parent === chain[0]) return new IgnoreRules([]);
      chain.unshift(parent);
    }
    const exclude = rulesOf(chain[0]!, join('.git', 'info', 'exclude'));
    let rules = new IgnoreRules(exclude === undefined ? [] : [exclude]);
    for (const above of chain.slice(0, -1)) rules = rules.within(above);
    return rules;
  }

  /** With the rules of this folder's own file. */
  within(folder: string): IgnoreRules {
    const own = rulesOf(folder, '.gitignore');
    return own === undefined ? this : new IgnoreRules([...this.#levels, own]);
  }

  ignores(path: string, isFolder: boolean): boolean {
    for (let i = this.#levels.length - 1; i >= 0; i--) {
      const { folder, rules } = this.#levels[i]!;
      const name = relative(folder, path).split(sep).join('/') + (isFolder ? '/' : '');
      if (!ignore.isPathValid(name)) continue;
      const { ignored, unignored } = rules.test(name);
      if (ignored) return true;
      if (unignored) return false;
    }
    return false;
  }
}

function rulesOf(folder: string, name: string): Level | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, name), 'utf8');
  } catch {
    return undefined; // There is none, or none that may be read: then there are no rules, as for git.
  }
  return { folder, rules: ignore().add(text) };
}

/** @file A configuration to begin with: every key with what it does and what it takes, the optional ones commented out. */
import { flowYaml } from '../../config/describe.ts';
import { wrapText } from '../display/wrap.ts';

export interface CommentedKey {
  readonly key: string;
  readonly group: string;
  readonly description: string;
  /** What it takes, in words. */
  readonly expected: string;
  readonly value: unknown;
  /** Whether the value counts; otherwise its line is a comment without a space: no line of prose looks like it. */
  readonly isSet: boolean;
}

const COLUMNS = 100;

/** @param intro paragraphs above all keys */
export function commentedYaml(intro: readonly string[], keys: readonly CommentedKey[]): string {
  const groups = [...new Set(keys.map(({ group }) => group))];
  const sections = groups.map((name) =>
    [`# === ${name}\n`, ...keys.filter(({ group }) => group === name).map(keyText)].join('\n'),
  );
  return [`${intro.map(comment).join('\n')}\n`, ...sections].join('\n');
}

function keyText({ key, description, expected, value, isSet }: CommentedKey): string {
  // That a path or a name is a string goes without saying.
  const about = comment(expected.startsWith('a string') ? description : `${description} Takes ${expected}.`);
  return `${about}\n${isSet ? '' : '#'}${key}: ${flowYaml(value)}\n`;
}

const comment = (text: string) =>
  wrapText(text, COLUMNS - 2)
    .map((line) => `# ${line}`)
    .join('\n');

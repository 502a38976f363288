/**
 * @file Regular expressions of adapter_config.json, for names of matrices. They come from a file, so they run on the matcher that
 * never goes back: `((.+)+)+x` could take for ever on a name of forty letters.
 */
import { VultuneError } from '../base/errors.ts';
import { compilePattern } from '../text/pattern/compile.ts';
import { Matcher } from '../text/pattern/matcher.ts';
import type { Program } from '../text/pattern/program.ts';

/** Whether a whole name is as the pattern says. Throws LORA_PATTERN for what is not one, naming the option. */
export function namePattern(source: string, option: string): (name: string) => boolean {
  return matching(compile(String.raw`\A(?:${source})\z`, source, option));
}

/** As PEFT's rank_pattern: whether a name, or its end behind a dot, is as the pattern says. */
export function nameEndPattern(source: string, option: string): (name: string) => boolean {
  return matching(compile(String.raw`\A(?:.*\.)?(?:${source})\z`, source, option));
}

/** As PEFT's modules_to_save: whether a name is, or is in, a module whose name the pattern ends. */
export function modulePattern(source: string, option: string): (name: string) => boolean {
  return matching(compile(String.raw`\A(?:.*\.)?(?:${source})(?:\..*)?\z`, source, option));
}

/** Whether a name is in the layer list that the pattern names: `layers` for `model.layers.3.mlp.up_proj`. */
export function layerListPattern(source: string, option: string): (name: string) => boolean {
  return matching(compile(String.raw`\A(?:.*\.)?(?:${source})\.[0-9]+\..*\z`, source, option));
}

function matching(program: Program): (name: string) => boolean {
  const matcher = new Matcher(program);
  return (name) => {
    matcher.reset(name);
    return matcher.next(0) !== undefined;
  };
}

function compile(whole: string, source: string, option: string): Program {
  try {
    // Alone first: `)|(` would be closed by the group around it.
    compilePattern(source);
    return compilePattern(whole);
  } catch (cause) {
    const shown = JSON.stringify(source.length > 80 ? `${source.slice(0, 80)}...` : source);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VultuneError('LORA_PATTERN', `${shown} is not a pattern that Vultune can match: ${reason}`, {
      where: { name: option },
      hint: 'Give names of matrices, or a regular expression for whole names.',
      cause,
    });
  }
}

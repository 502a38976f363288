/**
 * @file Which source files stand beside what a project ships: tests, fuzzing, benchmarks, examples, and other people's code that
 * was copied in. By their paths; a scan passes them over unless told. Narrower than the rules of datasets, where a file too few
 * costs nothing: here it would read as safe.
 */
import { projectFolders, sourcePathProblem } from './test-code.ts';

export type SupportingCode =
  | 'test code'
  | 'fuzzing code'
  | 'benchmark code'
  | 'example code'
  | 'vendored code';

const FOLDERS: readonly (readonly [SupportingCode, RegExp])[] = [
  ['vendored code', /^(?:vendor|vendored|third[-_]?party|3rd[-_]?party|bower_components|site-packages)$/i],
  ['fuzzing code', /^(?:fuzz|fuzzing|fuzzers?|oss[-_]?fuzz)$/i],
  ['benchmark code', /^(?:bench|benches|benchmarks?|benchmarking)$/i],
  ['example code', /^(?:examples?|samples?|demos?)$/i],
];

/** `path` with `/`, relative to what is scanned; undefined for what a project ships. */
export function supportingCode(path: string, language: string | undefined): SupportingCode | undefined {
  const folders = projectFolders(path, language);
  const found = FOLDERS.find(([, pattern]) => folders.some((folder) => pattern.test(folder)));
  if (found !== undefined) return found[0];
  return sourcePathProblem(path, language) === 'test' ? 'test code' : undefined;
}

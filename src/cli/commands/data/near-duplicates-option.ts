/** @file `--near-duplicates`: from which likeness on two functions are near duplicates; the same for every command. */
import { Option } from 'commander';
import { parseShare } from '../../options.ts';

/** As `nearDuplicates`. */
export function nearDuplicatesOption(): Option {
  return new Option(
    '--near-duplicates <jaccard>',
    'likeness from which functions are near duplicates: Jaccard similarity of runs of three tokens',
  )
    .default(0.9)
    .argParser(parseShare);
}

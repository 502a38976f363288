/** @file `--near-duplicates`: from which similarity on two functions are near duplicates; the same for every command. */
import { Option } from 'commander';
import { parseShare } from '../../options.ts';

/** As `nearDuplicates`. */
export function nearDuplicatesOption(): Option {
  return new Option(
    '--near-duplicates <jaccard>',
    'similarity from which functions are near duplicates: Jaccard, over 3-token shingles',
  )
    .default(0.9)
    .argParser(parseShare);
}

/**
 * @file Results of finished advisories on disk, so that a stopped build goes on where it was and a second one needs
 * neither network nor parser. A file that does not read is as good as none.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { writeFileAtomic } from '../../base/files.ts';
import type { Advisory } from './advisories.ts';
import type { Analysis } from './analyse-advisory.ts';

/** To be raised whenever the same releases would be analysed differently: parser, names, matching, filters. */
export const ANALYSIS_VERSION = 2;

export interface AnalysisCache {
  read(advisory: Advisory): Analysis | undefined;
  write(advisory: Advisory, analysis: Analysis): void;
}

export function analysisCache(cacheDir: string, otherFiles: number): AnalysisCache {
  const pathOf = (advisory: Advisory) => {
    const key = JSON.stringify([ANALYSIS_VERSION, otherFiles, advisory.functions]);
    const hash = createHash('sha256').update(key).digest('hex').slice(0, 16);
    const name = `${advisory.package.replace('/', '__')}@${advisory.vulnerable}-${advisory.fixed}-${hash}`;
    return join(cacheDir, 'npm', `${name}.json.gz`);
  };
  return {
    read: (advisory) => {
      try {
        return JSON.parse(gunzipSync(readFileSync(pathOf(advisory))).toString('utf8')) as Analysis;
      } catch {
        // Absent, cut short or of an older layout: it is made again.
        return undefined;
      }
    },
    write: (advisory, analysis) => writeFileAtomic(pathOf(advisory), gzipSync(JSON.stringify(analysis))),
  };
}

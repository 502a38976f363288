/** @file Every output format, a row each: how it is written, and whether it shows the lines behind a score. */
import type { ScanReport } from '../finding.ts';
import type { ScanFormat } from './format-names.ts';
import { githubReport } from './github.ts';
import { gitlabReport } from './gitlab.ts';
import { htmlReport } from './html.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import { rdjsonReport } from './rdjson.ts';
import { sarifReport } from './sarif.ts';
import { type TextOptions, textReport } from './text.ts';

export interface WrittenReport {
  readonly text: string;
  /** Findings left out to stay within the limits of those who read the format. */
  readonly cut: number;
}

export interface OutputFormat {
  /** What points at whole functions asks for no lines. */
  readonly showsLines: boolean;
  readonly write: (report: ScanReport, options: TextOptions) => WrittenReport;
}

export const OUTPUT_FORMATS: Readonly<Record<ScanFormat, OutputFormat>> = {
  text: { showsLines: true, write: (report, options) => whole(textReport(report, options)) },
  json: { showsLines: true, write: (report) => whole(jsonReport(report)) },
  sarif: { showsLines: false, write: (report) => sarifReport(report) },
  html: { showsLines: true, write: (report) => whole(htmlReport(report)) },
  github: { showsLines: false, write: (report) => whole(githubReport(report)) },
  gitlab: { showsLines: false, write: (report) => whole(gitlabReport(report)) },
  junit: { showsLines: false, write: (report) => whole(junitReport(report)) },
  rdjson: { showsLines: false, write: (report) => whole(rdjsonReport(report)) },
};

const whole = (text: string): WrittenReport => ({ text, cut: 0 });

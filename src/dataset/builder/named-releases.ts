/**
 * @file What a build out of releases goes by where a table names the vulnerable functions: these alone are labelled,
 * however many others the release changed, and a package stays on one side. Everything else is as in any build.
 */
import type { BuildOptions } from './build-options.ts';

export const NAMED_RELEASES = {
  namedOnly: true,
  strict: false,
  split: 'project',
} as const satisfies Partial<BuildOptions>;

/** @file The names of the output formats, apart from their code: the command line's help needs no more. */

export const SCAN_FORMATS = ['text', 'json', 'sarif', 'html', 'github', 'gitlab', 'junit', 'rdjson'] as const;
export type ScanFormat = (typeof SCAN_FORMATS)[number];

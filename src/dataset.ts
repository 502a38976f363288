/**
 * @file The public API `vultune/dataset`: records of labelled functions, reading and writing them in every format, finding
 * duplicates and leaks, splitting, and building datasets from sources that are open.
 */
export { type BuildDatasetResult, buildDataset } from './dataset/builder/build-dataset.ts';
export type { BuildOptions } from './dataset/builder/build-options.ts';
export { type FindLeaksOptions, findLeaks } from './dataset/check/find-leaks.ts';
export type { Leak, LeakKind, LeakReport } from './dataset/check/leak-report.ts';
export { ExactDuplicates } from './dataset/duplicates/exact-duplicates.ts';
export { NearDuplicates, type NearDuplicatesOptions } from './dataset/duplicates/near-duplicates.ts';
export type { DatasetFormat } from './dataset/formats/format.ts';
export { type OpenDatasetOptions, type OpenedDataset, openDataset } from './dataset/formats/open-dataset.ts';
export { type PartRecord, type ReadPartsOptions, readParts } from './dataset/formats/read-parts.ts';
export { DATASET_FORMATS } from './dataset/formats/registry.ts';
export { readLabelledRecords, readRecords, streamRecords } from './dataset/read-jsonl.ts';
export {
  checkRecord,
  type DatasetRecord,
  type LabelledRecord,
  type RecordSet,
  type Target,
} from './dataset/record.ts';
export type { DatasetSource } from './dataset/source.ts';
export { SOURCES, type SourceOptions, type SourceRow } from './dataset/sources/registry.ts';
export { type SplitDatasetOptions, splitDataset } from './dataset/splits/split-dataset.ts';
export type { SplitDatasetInfo } from './dataset/splits/split-info.ts';
export { type CollectOptions, collectStatistics } from './dataset/statistics/collect-statistics.ts';
export { formatRecord, writeRecords } from './dataset/write-jsonl.ts';

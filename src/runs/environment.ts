/** @file What a run ran on: versions, processor, threads, memory; and fingerprints of the files it read. */
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { type FileHash, hashFile } from '../base/hash-file.ts';

export interface Environment {
  /** Versions of vultune, node and the packages that compute. */
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly cpuModel: string;
  readonly cpuCount: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly device: string;
}

/** This machine. Versions, threads and device are the caller's to say. */
export function currentEnvironment(
  own: Pick<Environment, 'versions' | 'device'> & { threads?: number },
): Environment {
  return {
    versions: { ...own.versions, node: process.versions.node },
    platform: `${process.platform} ${process.arch}, ${release()}`,
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    threads: own.threads ?? availableParallelism(),
    memoryBytes: totalmem(),
    device: own.device,
  };
}

export interface FileFingerprint extends FileHash {
  readonly path: string;
  /** In run.json: as seen from the run folder, for when both are moved. */
  readonly pathFromRun?: string;
  /** Record field → column, where the file is a table that has no format of its own. */
  readonly columns?: Readonly<Record<string, string>>;
}

/** @throws VultuneError `FILE_MISSING` and the like. */
export async function fingerprintFile(path: string): Promise<FileFingerprint> {
  return { path, ...(await hashFile(path)) };
}

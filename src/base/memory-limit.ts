/** @file The memory that this process may use: what a container allows counts, not what its host has. */
import { totalmem } from 'node:os';

/**
 * @param constrainedBytes the limit of the control group, 0 where there is none; "no limit" is also a number beyond any machine
 */
export function memoryLimitBytes(
  constrainedBytes: number = process.constrainedMemory(),
  totalBytes: number = totalmem(),
): number {
  return constrainedBytes > 0 ? Math.min(constrainedBytes, totalBytes) : totalBytes;
}

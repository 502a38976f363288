/** @file Whether a process lives: what it left half done is then its own business, or else anybody's. */

/** A process of another user counts: it lives, and may not be signalled. */
export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

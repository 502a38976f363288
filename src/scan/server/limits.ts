/** @file How much one request to the scan server may ask for. */

export interface ScanServerLimits {
  readonly functions: number;
  readonly bodyBytes: number;
  /** Requests that wait for the one that is computed. */
  readonly waiting: number;
  readonly timeoutMs: number;
}

export const DEFAULT_SERVER_LIMITS: ScanServerLimits = {
  functions: 256,
  bodyBytes: 2_000_000,
  waiting: 16,
  timeoutMs: 60_000,
};

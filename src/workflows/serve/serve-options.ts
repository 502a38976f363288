/** @file What the dashboard and the scan service take. */
import type { BlendChoice } from '../../judging/adapter-scale.ts';
import type { DeviceOptions } from '../open/open-detector.ts';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8484;

export interface ServeRunsOptions {
  /** A run, or a folder with runs in it; default: `runs`. */
  readonly dir?: string | undefined;
  /** Address to listen on; default: loopback. Anything else shows the runs to others. */
  readonly host?: string | undefined;
  /** Default: 8484; 0: any free one. */
  readonly port?: number | undefined;
}

export interface ServeScanOptions extends DeviceOptions {
  /** A run folder (of a prompted model too, where that runs here), an adapter folder, or an adapter's id on the hub. */
  readonly run: string;
  /** `auto`: scores of the blend where the adapter has one that ranked validation better; `off`: the model's own. Default: `auto`. */
  readonly blend?: BlendChoice | undefined;
  /** Address to listen on; default: loopback. */
  readonly host?: string | undefined;
  /** Default: 8484; 0: any free one. */
  readonly port?: number | undefined;
  /** Told why a request failed that should not have; default: a warning. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

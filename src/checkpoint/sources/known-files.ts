/** @file Model files whose size and hash are known: what a repository gives out under their names is held to them. */

export interface KnownFile {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** By reference, as `resolveModel` takes it. */
export const KNOWN_FILES: Readonly<Record<string, KnownFile>> = {
  'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF:qwen2.5-coder-0.5b-instruct-q4_k_m.gguf': {
    sizeBytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
  },
};

/** @file What the system says when a file cannot be read or written, in words: one row per error number. */

export interface FileProblem {
  /** The error's code. */
  readonly code: string;
  readonly found: string;
  readonly hint?: string;
}

const PROBLEMS: Readonly<Record<string, FileProblem>> = {
  ENOENT: { code: 'FILE_MISSING', found: 'no such file or folder' },
  ENOTDIR: { code: 'FILE_MISSING', found: 'a part of this path is a file, not a folder' },
  EEXIST: { code: 'FILE_IN_THE_WAY', found: 'a file of this name is in the way' },
  ENOTEMPTY: { code: 'FILE_IN_THE_WAY', found: 'a folder of this name is in the way, and it is not empty' },
  EISDIR: { code: 'FILE_IS_FOLDER', found: 'this is a folder, a file was expected' },
  EACCES: { code: 'FILE_NOT_ALLOWED', found: 'the system does not allow it' },
  EPERM: { code: 'FILE_NOT_ALLOWED', found: 'the system does not allow it' },
  EROFS: { code: 'FILE_NOT_ALLOWED', found: 'the disk is read-only' },
  ETXTBSY: { code: 'FILE_NOT_ALLOWED', found: 'it is a program that is running' },
  EBUSY: { code: 'FILE_NOT_ALLOWED', found: 'the system is using it' },
  ENOSPC: {
    code: 'DISK_FULL',
    found: 'the disk is full',
    hint: 'free some space, or choose another output folder',
  },
  EDQUOT: { code: 'DISK_FULL', found: 'the disk quota is used up' },
  EFBIG: {
    code: 'FILE_TOO_LARGE',
    found: 'the file would be larger than the system allows',
    hint: 'raise the limit (ulimit -f), or choose a file system that holds larger files',
  },
  ERR_FS_FILE_TOO_LARGE: { code: 'FILE_TOO_LARGE', found: 'the file is larger than can be read at once' },
  ERR_STRING_TOO_LONG: { code: 'FILE_TOO_LARGE', found: 'the file is larger than a string can be' },
  ENAMETOOLONG: { code: 'FILE_NAME_INVALID', found: 'the name is too long', hint: 'choose a shorter name' },
  ELOOP: { code: 'FILE_NAME_INVALID', found: 'its symbolic links lead back to themselves' },
  EINVAL: { code: 'FILE_NAME_INVALID', found: 'the system does not accept this name or use of it' },
  EILSEQ: { code: 'FILE_NAME_INVALID', found: 'the name is not valid on this file system' },
  EMFILE: {
    code: 'FILES_OPEN_LIMIT',
    found: 'too many files are open in this process',
    hint: 'raise the limit: ulimit -n 4096',
  },
  ENFILE: { code: 'FILES_OPEN_LIMIT', found: 'too many files are open on this system' },
  EXDEV: { code: 'FILE_ERROR', found: 'the folder lies on two file systems' },
  EPIPE: { code: 'PIPE_CLOSED', found: 'the reader of the pipe is gone' },
  EIO: { code: 'FILE_ERROR', found: 'the disk reports an error', hint: 'look at the system log (dmesg)' },
  ENXIO: { code: 'FILE_ERROR', found: 'there is nothing at the other end of this device or pipe' },
  ENODEV: { code: 'FILE_ERROR', found: 'no such device' },
  ESTALE: { code: 'FILE_ERROR', found: 'the network file system has lost it' },
};

const NUL_BYTE: FileProblem = { code: 'FILE_NAME_INVALID', found: 'the name holds a NUL byte' };

/** Undefined for what the system did not say: a fault of ours. */
export function fileProblem(error: unknown): FileProblem | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const known = Object.hasOwn(PROBLEMS, error.code) ? PROBLEMS[error.code] : undefined;
  if (known !== undefined) return known;
  if (error.code === 'ERR_INVALID_ARG_VALUE' && error.message.includes('null bytes')) return NUL_BYTE;
  // zlib numbers its errors too: a damaged archive is not a failing disk.
  const isZlib = String(error.code).startsWith('Z_');
  return 'errno' in error && !isZlib ? { code: 'FILE_ERROR', found: error.message } : undefined;
}

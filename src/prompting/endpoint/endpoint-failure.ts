/** @file What a call to a server fails with, sorted by what to do about it. */

/**
 * `busy`: too many requests, ask again later and fewer at a time; `temporary`: ask again; `refused`: this request never works, others
 * may; `fatal`: no request works.
 */
export type FailureKind = 'busy' | 'temporary' | 'refused' | 'fatal';

export class EndpointFailure extends Error {
  override readonly name = 'EndpointFailure';
  readonly kind: FailureKind;
  /** The status of HTTP; undefined where nothing was answered. */
  readonly status: number | undefined;
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  /** The message is free of keys. */
  constructor(
    kind: FailureKind,
    message: string,
    {
      status,
      retryAfterMs,
    }: { readonly status?: number | undefined; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message);
    this.kind = kind;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** @file What the pickle of a state_dict is made of. Types alone. */
import type { ElementType } from '../element-types.ts';

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | AllowedGlobal
  | PickledStorage
  | PickledTensor;

export interface PickleTuple {
  readonly kind: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleList {
  readonly kind: 'list';
  readonly items: PickleValue[];
}

/** A dict or an OrderedDict: key, value, key, value ... */
export interface PickleDict {
  readonly kind: 'dict';
  readonly entries: PickleValue[];
}

/** A global of the allow-list, by what it stands for. */
export type AllowedGlobal =
  | { readonly kind: 'ordered-dict' | 'size' | 'rebuild-parameter' }
  | { readonly kind: 'rebuild-tensor'; readonly version: 1 | 2 | 3 }
  | { readonly kind: 'storage-type'; readonly type: ElementType | 'untyped' }
  | { readonly kind: 'dtype'; readonly type: ElementType };

/** Bytes that lie outside the pickle, under a key. */
export interface PickledStorage {
  readonly kind: 'storage';
  readonly key: string;
  readonly type: ElementType | 'untyped';
  /** Elements; bytes of an untyped one. */
  readonly count: number;
  readonly sizeBytes: number;
}

/** A view of a storage; every element lies inside it. */
export interface PickledTensor {
  readonly kind: 'tensor';
  readonly storage: PickledStorage;
  readonly type: ElementType;
  /** Elements from the storage's start. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements from one index to the next, for each axis. */
  readonly strides: readonly number[];
}

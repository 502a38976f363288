/**
 * @file The formats of datasets, in the order in which they are tried; a new format is a file and a line here. The
 * first that recognises a file reads it, so narrow ones stand before wide ones.
 */
import { CVEFIXES } from './cvefixes/cvefixes.ts';
import { DRAPER } from './draper/draper.ts';
import type { DatasetFormat } from './format.ts';
import { BIG_VUL } from './published/big-vul.ts';
import { DEVIGN } from './published/devign.ts';
import { DIVERSEVUL } from './published/diversevul.ts';
import { JLEAKS } from './published/jleaks.ts';
import { PRIMEVUL } from './published/primevul.ts';
import { REVEAL } from './published/reveal.ts';
import { SVEN } from './published/sven.ts';
import { TABLE } from './published/table.ts';
import { VULLLM } from './published/vulllm.ts';
import { VULTUNE, X1 } from './published/x1.ts';

export const DATASET_FORMATS: readonly DatasetFormat[] = [
  X1,
  SVEN,
  PRIMEVUL,
  DIVERSEVUL,
  DEVIGN,
  BIG_VUL,
  REVEAL,
  VULLLM,
  JLEAKS,
  CVEFIXES,
  DRAPER,
  VULTUNE,
  TABLE,
];

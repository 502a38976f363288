/** @file What a model would not read of a dataset: functions that are cut, pairs whose difference lies beyond the cut. */
import type { Columns } from '../../dataset/formats/field-mapping.ts';
import { readDataset } from '../../dataset/formats/read-dataset.ts';
import { resolvePooling } from '../../heads/classifier.ts';
import { encodeFunctions } from '../../network/encode-functions.ts';
import { findTruncation, type Truncation } from '../../network/truncation.ts';
import type { WorkflowContext } from '../context.ts';
import { openBaseModel } from '../open/open-base-model.ts';

export interface DatasetTruncationOptions {
  readonly fields?: Columns | undefined;
  readonly format?: string | undefined;
  /** Its tokenizer counts; the model is fetched where it is not here. */
  readonly baseModel: string;
  readonly maxLength: number;
}

/** Functions are cut as `long_functions: truncate` cuts them. @throws VultuneError as the readers and the model */
export async function datasetTruncation(
  path: string,
  { fields, format, baseModel, maxLength }: DatasetTruncationOptions,
  context: WorkflowContext,
): Promise<Truncation> {
  const { records } = await readDataset(path, {
    requireTarget: false,
    fields,
    signal: context.signal,
    ...(format === undefined ? {} : { format }),
  });
  const model = await openBaseModel(baseModel, undefined, context);
  try {
    const encoded = encodeFunctions(
      model,
      records.map(({ code }) => code),
      { maxLength, longFunctions: 'truncate', pooling: resolvePooling(model.spec, undefined) },
    );
    const { identicalRows: _rows, ...found } = findTruncation(records, encoded);
    return found;
  } finally {
    await model.checkpoint.close();
  }
}

/** @file The row of VDISC's HDF5 files in the registry; the HDF5 library is loaded, in a worker, when one is read. */
import type { DatasetFormat } from '../format.ts';

export const DRAPER: DatasetFormat = {
  name: 'draper',
  summary: 'VDISC (Draper): functionSource and CWE columns (HDF5)',
  recognise: ({ container, fields }) => container === 'hdf5' && fields.includes('functionSource'),
  async *read(file, context) {
    yield* (await import('./vdisc.ts')).readVdisc(file, context);
  },
};

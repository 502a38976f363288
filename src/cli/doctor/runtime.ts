/** @file What the engine says of itself for `doctor`: devices and the speed of a matrix product. Loads ONNX Runtime. */
import { VultuneError } from '../../base/errors.ts';
import type { Device } from '../../runtime/backend.ts';
import { availableDevices, requireDevice } from '../../runtime/ort/devices.ts';
import { measureMatmulGflops } from '../../runtime/ort/measure.ts';
import { areInt8ProductsExact } from '../../runtime/ort/probe-int8.ts';
import { DEVICES } from '../options.ts';

export interface DeviceReport {
  readonly device: Device;
  readonly available: boolean;
  /** What to do where it is not. */
  readonly hint?: string;
  /** The speed of a float32 matrix product, where it was measured. */
  readonly gflops?: number;
  /** CPU only: of which codes products in 8 bits are exact; where of none, 8-bit weights are multiplied in float32. */
  readonly int8Products?: 'signed' | 'unsigned' | 'none';
}

export type RuntimeProbe = (threads: number) => Promise<readonly DeviceReport[]>;

export const probeRuntime: RuntimeProbe = async (threads) => {
  const available = await availableDevices();
  const reports: DeviceReport[] = [];
  for (const device of DEVICES) {
    if (available.includes(device)) {
      reports.push({
        device,
        available: true,
        gflops: await measureMatmulGflops({ device, threads }),
        ...(device === 'cpu' && { int8Products: await exactInt8Products() }),
      });
    } else reports.push({ device, available: false, ...(await hintFor(device)) });
  }
  return reports;
};

async function exactInt8Products(): Promise<NonNullable<DeviceReport['int8Products']>> {
  if (await areInt8ProductsExact('int8')) return 'signed';
  return (await areInt8ProductsExact('uint8')) ? 'unsigned' : 'none';
}

async function hintFor(device: Device): Promise<{ hint?: string }> {
  const error: unknown = await requireDevice(device).catch((reason: unknown) => reason);
  return error instanceof VultuneError && error.hint !== undefined ? { hint: error.hint } : {};
}

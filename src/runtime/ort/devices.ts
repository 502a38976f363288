/** @file Which devices this build of ONNX Runtime and this machine offer. Found out by trying, once a process. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { listSupportedBackends } from 'onnxruntime-node';
import { VultuneError } from '../../base/errors.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { lowerGraph } from '../../onnx/lowering.ts';
import type { Device } from '../backend.ts';
import { probeSession } from './probe-device.ts';
import { sessionOptions } from './session-options.ts';

const DEVICES: readonly Device[] = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'];

const reasons = new Map<Device, Promise<string | undefined>>();

/** The devices graphs can run on here; always 'cpu', the fastest not necessarily first. */
export async function availableDevices(): Promise<Device[]> {
  const missing = await Promise.all(DEVICES.map((device) => whyUnavailable(device)));
  return DEVICES.filter((_, i) => missing[i] === undefined);
}

/** @throws VultuneError `DEVICE_UNAVAILABLE` unless graphs can run on the device here. */
export async function requireDevice(device: Device): Promise<void> {
  const reason = await whyUnavailable(device);
  if (reason === undefined) return;
  const available = await availableDevices();
  throw new VultuneError(
    'DEVICE_UNAVAILABLE',
    `device "${device}" is not available (${reason}); available here: ${available.join(', ')}`,
    { where: { name: 'device' }, hint: HINTS[device] },
  );
}

const HINTS: { readonly [K in Device]: string } = {
  cpu: 'reinstall onnxruntime-node for this platform',
  webgpu: 'install a Vulkan, Metal or Direct3D 12 driver for the graphics card, or use device: cpu',
  cuda: 'install onnxruntime-node with its CUDA files (ONNXRUNTIME_NODE_INSTALL=cuda12) on Linux with an NVIDIA card, or use device: cpu',
  dml: 'DirectML is for Windows; elsewhere use device: webgpu or cpu',
  coreml: 'Core ML is for macOS; elsewhere use device: webgpu or cpu',
};

/** Why graphs can't run on the device here; undefined when they can. */
function whyUnavailable(device: Device): Promise<string | undefined> {
  const known = reasons.get(device);
  if (known !== undefined) return known;
  const reason = findReason(device);
  reasons.set(device, reason);
  return reason;
}

async function findReason(device: Device): Promise<string | undefined> {
  if (device === 'cpu') return undefined;
  if (!listSupportedBackends().some(({ name }) => name === device)) {
    return `this build of ONNX Runtime for ${process.platform} ${process.arch} has none`;
  }
  // Asking for CUDA without its library prints an error of its own.
  if (device === 'cuda' && !existsSync(cudaLibrary())) return 'its library is not installed';
  const builder = new GraphBuilder();
  builder.output('y', builder.neg(builder.input('x', 'float32', [1])));
  const reason = await probeSession(lowerGraph(builder.build()), sessionOptions({ device }));
  return reason === undefined ? undefined : lastSentence(reason);
}

function cudaLibrary(): string {
  const root = dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node')));
  const name =
    process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  return join(root, 'bin', 'napi-v6', process.platform, process.arch, name);
}

/** ONNX Runtime's messages begin with source files and end with what a reader wants to know. */
function lastSentence(message: string): string {
  return message.trim().split('was false.').at(-1)!.trim().replace(/\.$/, '');
}

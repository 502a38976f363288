/** @file Which cut a machine can afford when the user leaves it to us. */
import { freemem } from 'node:os';
import { type DecoderGeometry, LINEAR_ROLES } from '../model/geometry.ts';
import type { Activations } from './keep-policies.ts';

export interface CutRequest {
  readonly cut: 'auto' | 'block' | 'graph';
  readonly blocksPerGraph: number;
  readonly activations: 'auto' | Activations;
  readonly tokensPerBatch: number;
  /** Layers that are trained. */
  readonly trainedLayers: number;
}

export interface ChosenCut {
  readonly blocksPerStage: number;
  readonly activations: Activations;
}

/** Share of the free memory one graph may be expected to take. */
const AFFORDABLE = 0.5;

/** Floats per token and layer that a graph holds between its forward and backward part, in units of its widest rows. */
const ROWS_KEPT = 3;

/** One graph where memory allows: nothing crosses between ONNX Runtime and JavaScript. Else a graph per block. */
export function chooseCut(geometry: DecoderGeometry, request: CutRequest, freeBytes = freemem()): ChosenCut {
  const activations = request.activations === 'auto' ? 'products' : request.activations;
  const isGraph =
    request.cut === 'graph' ||
    (request.cut === 'auto' && oneGraphBytes(geometry, request) < AFFORDABLE * freeBytes);
  return { blocksPerStage: isGraph ? Number.POSITIVE_INFINITY : request.blocksPerGraph, activations };
}

/** Weights, and activations of every trained layer at once. */
function oneGraphBytes(geometry: DecoderGeometry, { tokensPerBatch, trainedLayers }: CutRequest): number {
  const linears = LINEAR_ROLES.map((role) => geometry.linears[role]);
  const weights = linears.reduce((sum, { inputSize, outputSize }) => sum + inputSize * outputSize, 0);
  const rows = linears.reduce((sum, { inputSize, outputSize }) => sum + inputSize + outputSize, 0);
  const scores = geometry.headCount * tokensPerBatch;
  const perToken = ROWS_KEPT * rows + 2 * scores;
  const embedding = geometry.vocabularySize * geometry.hiddenSize;
  return 4 * (embedding + geometry.layerCount * weights + trainedLayers * tokensPerBatch * perToken);
}

/**
 * @file The public API `vultune/engine`: graphs and their gradients, the backends that run them, models as data, and the contracts
 * that a head, an adapter, a weight format, an objective and a task are written against.
 */
export type { AdaptedMatrix } from './adapters/adapted-matrix.ts';
export type { AdaptedProduct, Adapter, TrainedTensor } from './adapters/adapter.ts';
export { type AdapterParameters, firstParameters, initialParameters } from './adapters/adapter-parameters.ts';
export { type LoraMatrixOptions, lora } from './adapters/lora.ts';
export { type AdapterPlan, type LoraOptions, planAdapters, planLora } from './adapters/lora-plan.ts';
export { mergedWeights } from './adapters/merged-weights.ts';
export { appendGradients, type GradientSeed } from './autodiff/gradients.ts';
export { GraphBuilder } from './graph/builder.ts';
export type { Graph, GraphOutput, Node, Value } from './graph/graph.ts';
export type { ByteCodes } from './graph/ops.ts';
export { type ClassifierOptions, classifier, resolvePooling } from './heads/classifier.ts';
export type { Head, HeadContext, HeadParameter } from './heads/head.ts';
export { hiddenStates } from './heads/hidden-states.ts';
export { languageModel } from './heads/language-model.ts';
export { maskedLanguageModel } from './heads/masked-language-model.ts';
export { FAMILY_NAMES, readModel } from './model/families/registry.ts';
export type {
  Activation,
  Attention,
  Block,
  EncoderHeads,
  HeadLayer,
  HeadNames,
  Layer,
  Matrix,
  Mlp,
  Model,
  Norm,
  Pooling,
  Projection,
  Residual,
  Rotary,
} from './model/spec.ts';
export { type EncodedFunction, type EncodeOptions, encodeFunctions } from './network/encode-functions.ts';
export { Network, type NetworkOptions } from './network/network.ts';
export { type OpenModel, openModel } from './network/open-model.ts';
export { type ScoreOptions, scoreFunctions } from './network/score-functions.ts';
export { classification, type Label, type LossOptions } from './objectives/classification.ts';
export type { Example, Loss, Objective } from './objectives/objective.ts';
export type { Backend, Device, Executable, Tensors } from './runtime/backend.ts';
export { availableDevices } from './runtime/ort/devices.ts';
export { ortBackend } from './runtime/ort/ort-backend.ts';
export { referenceBackend } from './runtime/reference/reference-backend.ts';
export { type ClassifyOptions, classify } from './tasks/classify.ts';
export type { Judgement, Task } from './tasks/task.ts';
export type { DType } from './tensor/dtype.ts';
export { type HostTensor, hostTensor } from './tensor/host-tensor.ts';
export { Trainer, type TrainerHost, type TrainerOptions } from './training/trainer.ts';
export { initialState, type TrainerState } from './training/trainer-state.ts';
export { float32 } from './weights/float32.ts';
export { WEIGHT_FORMAT_NAMES, weightFormatNamed } from './weights/registry.ts';
export type { MatrixShape, PartInput, WeightFormat, WeightParts } from './weights/weight-format.ts';

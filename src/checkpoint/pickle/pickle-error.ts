/** @file The two errors about a PyTorch file: it is damaged, or it asks for more than tensors. */
import { VultuneError } from '../../base/errors.ts';

/** What is damaged, or not as torch.save writes it. */
export function invalidPickle(file: string, what: string, hint = REDOWNLOAD): VultuneError {
  return new VultuneError('CHECKPOINT_PICKLE_INVALID', `${file}: ${what}`, { where: { file }, hint });
}

/** What would run code, or rebuild what is not a tensor. `name`: the global, opcode or record that asks for it. */
export function refusedPickle(file: string, what: string, name: string): VultuneError {
  return new VultuneError('CHECKPOINT_PICKLE_REFUSED', `${file}: ${what}`, {
    where: { file, name },
    hint: CONVERT,
  });
}

const REDOWNLOAD = 'Expected what torch.save writes of a state_dict: download the file again.';
const CONVERT =
  'Vultune rebuilds tensors out of a pickle and runs nothing of it. Where you trust the file, convert it in Python: from_pretrained(FOLDER).save_pretrained(FOLDER) writes safetensors.';

/** A text out of the file, quoted, without control characters and short enough for a message. */
export const shown = (text: string): string =>
  JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}...` : text);

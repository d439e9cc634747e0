import { existsSync } from 'node:fs';
import type { DynamicCache, Tensor } from '@huggingface/transformers';
import { isHalf, modelFault } from '../folder/model-files.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { pollingTime } from '../graph/native-runtime.ts';

/** Keys and values of the first tokens of a sequence, as transformers.js keeps them: [1, heads, length, head_dim] for each layer. */
export type KeyValueCache = InstanceType<typeof DynamicCache>;

export type Transformers = typeof import('@huggingface/transformers');

/** One model's weights behind `generate()`, reduced to what a sequence needs. */
export type CausalModel = {
  /**
   * Computes the `ids` that are not in `cache` and passes the logits [vocabulary] of the last one to `onLogits`, which returns
   * the next token and whether to continue from it. Between two steps the event loop runs, so that messages are received.
   * @returns the cache of all computed ids, without the last token. `cache` stays unchanged.
   */
  run(options: {
    ids: readonly number[];
    cache: KeyValueCache | undefined;
    onLogits(logits: Float32Array): { token: number; more: boolean };
  }): Promise<KeyValueCache>;
  close(): Promise<void>;
};

/**
 * Loads transformers.js first, which takes more memory than the rest of a process without it.
 * `threads`: how many onnxruntime uses. @throws ServiceError `model_unavailable`
 */
export async function loadCausalModel(folder: ModelFolder, options: { threads: number }): Promise<CausalModel> {
  const transformers = await loadTransformers();
  const { AutoModelForCausalLM, DynamicCache, LogitsProcessorList, Tensor } = transformers;
  const weights = folder.onnx();
  if (weights === undefined) throw modelFault(folder.id, 'it has no weights here');
  const { dtype, graph, data } = weights;
  const [file = '', place = ''] = graph.split('/').reverse();
  const model = await AutoModelForCausalLM.from_pretrained(folder.path, {
    // The complete name, because transformers.js would derive another one from some of these types.
    dtype: isHalf(dtype) ? dtype : 'fp32',
    model_file_name: isHalf(dtype) ? 'model' : file.replace(/\.onnx$/, ''),
    subfolder: place,
    ...(data > 0 && { use_external_data_format: data }),
    device: 'cpu',
    session_options: { intraOpNumThreads: options.threads, interOpNumThreads: 1, extra: pollingTime },
  }).catch((error: unknown) => {
    throw modelFault(folder.id, `its weights (${dtype}) can't be loaded: ${firstLine(error)}`, error);
  });
  return {
    async run({ ids, cache, onLogits }) {
      let more = true;
      const chooser = createChooser(transformers, (logits) => {
        const next = onLogits(logits);
        more = next.more;
        return next.token;
      });
      const processors = new LogitsProcessorList();
      processors.push(chooser);
      const result = await model.generate({
        inputs: new Tensor('int64', BigInt64Array.from(ids, BigInt), [1, ids.length]),
        // Without it, generate() takes ids and cache for two parts of one sequence instead of overlapping ones.
        attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), [1, ids.length]),
        logits_processor: processors,
        stopping_criteria: [createStop(transformers, () => !more)],
        // A copy of the map, because generate() puts the new tensors into the given one.
        past_key_values: cache ? new DynamicCache({ ...cache }) : null,
        return_dict_in_generate: true,
        ...neutral,
      } as unknown as Parameters<typeof model.generate>[0]);
      return (result as { past_key_values: KeyValueCache }).past_key_values;
    },
    async close() {
      await model.dispose();
    },
  };
}

/**
 * transformers.js: its package in a checkout, and in a packed Thinkfirst the one file that `npm pack` makes of it. That file
 * lacks onnxruntime for browsers and sharp (160 MB), which the package contains and nothing here uses.
 */
async function loadTransformers(): Promise<Transformers> {
  const packed = new URL('../../../../packed/transformers.mjs', import.meta.url);
  return existsSync(packed) ? import(packed.href) : import('@huggingface/transformers');
}

/** A model's generation_config.json may ask for penalties, ends and lengths; the sequence handles all of these itself. */
const neutral = {
  do_sample: false,
  max_new_tokens: 2 ** 30,
  min_length: 0,
  min_new_tokens: null,
  eos_token_id: null,
  temperature: 1,
  repetition_penalty: 1,
  no_repeat_ngram_size: 0,
  bad_words_ids: null,
  suppress_tokens: null,
  begin_suppress_tokens: null,
  forced_bos_token_id: null,
  forced_eos_token_id: null,
  guidance_scale: null,
};

/** Chooses the token and leaves no other to generate()'s greedy choice. */
function createChooser({ LogitsProcessor }: Transformers, choose: (logits: Float32Array) => number) {
  class Chooser extends LogitsProcessor {
    override _call(_ids: bigint[][], logits: Tensor): Tensor {
      const row = logits.data as Float32Array;
      const token = choose(row);
      row.fill(Number.NEGATIVE_INFINITY);
      row[token] = 0;
      return logits;
    }
  }
  return new Chooser();
}

function createStop({ StoppingCriteria }: Transformers, stopped: () => boolean) {
  class Stop extends StoppingCriteria {
    override _call(ids: number[][]): boolean[] {
      return ids.map(() => stopped());
    }
  }
  return new Stop();
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import protobuf from 'protobufjs/minimal.js';
import { fields, readOnnxFile } from '../../src/models/local/graph/onnx-file.ts';
import { bytesOf, mapEach, mapFields, readerOf, textField } from '../../src/models/local/graph/protobuf.ts';

const embedded = resolve('models/thinkfirst-135m');

/**
 * The embedded model in the layout of other exporters: the number and size of heads are symbolic in the graph, and the
 * weights are in a separate file.
 * @param config replaces fields of config.json; undefined removes one
 */
export function writeForeignFolder(folder: string, config: Readonly<Record<string, unknown>> = {}): void {
  mkdirSync(join(folder, 'onnx'), { recursive: true });
  for (const file of ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json']) {
    copyFileSync(join(embedded, file), join(folder, file));
  }
  const own: object = JSON.parse(readFileSync(join(embedded, 'config.json'), 'utf8'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...own, ...config }));
  const weights = join(embedded, 'onnx', 'model_q4.onnx');
  copyFileSync(weights, join(folder, 'onnx', 'model_q4.onnx_data'));
  const { graph, tensor, entry } = { graph: fields.graph, tensor: fields.tensor, entry: fields.entry };
  const { model } = readOnnxFile(weights);
  const changed = mapEach(model, fields.model.graph, (whole) => {
    const named = mapEach(whole, [graph.input, graph.output], (info) =>
      /^(past_key_values|present)\./.test(textField(info, fields.value.name)) ? withNames(info) : undefined,
    );
    return mapEach(named, graph.initializer, (weight) =>
      mapEach(weight, tensor.externalData, (pair) =>
        textField(pair, entry.key) === 'location'
          ? mapEach(pair, entry.value, () => Buffer.from('model_q4.onnx_data'))
          : undefined,
      ),
    );
  });
  writeFileSync(join(folder, 'onnx', 'model_q4.onnx'), changed);
}

/** A cache's value with symbolic names for its second and last dimension instead of numbers. */
function withNames(info: Buffer): Buffer {
  const names = new Map([
    [1, 'num_attention_heads'],
    [3, 'kv_cache_dim'],
  ]);
  return mapEach(info, fields.value.type, (type) =>
    mapEach(type, fields.type.tensor, (tensor) =>
      mapEach(tensor, fields.tensorType.shape, (shape) => {
        const starts = readerOf(bytesOf(shape), { start: 0, end: shape.length }).map(({ start }) => start);
        return mapFields(bytesOf(shape), { start: 0, end: shape.length }, ({ start }) => {
          const name = names.get(starts.indexOf(start));
          // Field 2 of a dimension is its name.
          return name === undefined
            ? undefined
            : Buffer.from(
                protobuf.Writer.create()
                  .uint32((2 << 3) | 2)
                  .string(name)
                  .finish(),
              );
        });
      }),
    ),
  );
}

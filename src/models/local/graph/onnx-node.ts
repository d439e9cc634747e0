import protobuf from 'protobufjs/minimal.js';
import { fields } from './onnx-file.ts';
import { bytesOf, readerOf, textOf } from './protobuf.ts';

/** Numbers of TensorProto.DataType. */
export const elementTypes = { float: 1, int8: 3, int32: 6, int64: 7 } as const;
/** Numbers of AttributeProto.AttributeType. */
const attributeTypes = { integer: 2, text: 3, graph: 5 } as const;

export type OnnxAttribute = number | string | Buffer;
/** A NodeProto that was read. */
export type OnnxNode = { bytes: Buffer; operator: string; inputs: string[]; outputs: string[] };

/** A NodeProto; an attribute that is bytes is a graph. */
export function onnxNode(node: {
  operator: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, OnnxAttribute>>;
}): Buffer {
  const writer = protobuf.Writer.create();
  writeWires(writer, node);
  text(writer, fields.node.operator, node.operator);
  writeAttributes(writer, node.attributes ?? {});
  return Buffer.from(writer.finish());
}

export function readNode(bytes: Buffer): OnnxNode {
  const all = readerOf(bytesOf(bytes), { start: 0, end: bytes.length });
  const texts = (wanted: number) => all.filter(({ number }) => number === wanted).map((field) => textOf(bytes, field));
  return {
    bytes,
    operator: texts(fields.node.operator)[0] ?? '',
    inputs: texts(fields.node.input),
    outputs: texts(fields.node.output),
  };
}

export function writeWires(
  writer: protobuf.Writer,
  { inputs, outputs }: { inputs: readonly string[]; outputs: readonly string[] },
): void {
  for (const name of inputs) text(writer, fields.node.input, name);
  for (const name of outputs) text(writer, fields.node.output, name);
}

export function writeAttributes(writer: protobuf.Writer, attributes: Readonly<Record<string, OnnxAttribute>>): void {
  const { name: nameField, integer, text: textField, graph, type } = fields.attribute;
  for (const [name, value] of Object.entries(attributes)) {
    writer.uint32((fields.node.attribute << 3) | 2).fork();
    text(writer, nameField, name);
    if (typeof value === 'number') {
      writer.uint32(integer << 3).int64(value);
      writer.uint32(type << 3).uint32(attributeTypes.integer);
    } else if (typeof value === 'string') {
      text(writer, textField, value);
      writer.uint32(type << 3).uint32(attributeTypes.text);
    } else {
      writer.uint32((graph << 3) | 2).bytes(value);
      writer.uint32(type << 3).uint32(attributeTypes.graph);
    }
    writer.ldelim();
  }
}

/** A GraphProto without inputs, as a branch of an If is. `outputs`: element types by name. */
export function onnxBranch(
  name: string,
  nodes: readonly Buffer[],
  outputs: ReadonlyArray<{ name: string; elementType: number }>,
): Buffer {
  const writer = protobuf.Writer.create();
  for (const node of nodes) writer.uint32((fields.graph.node << 3) | 2).bytes(node);
  text(writer, fields.graph.name, name);
  for (const output of outputs) writeOutput(writer, output);
  return Buffer.from(writer.finish());
}

/** An output of a graph, field and all, of any shape. */
export function writeOutput(writer: protobuf.Writer, output: { name: string; elementType: number }): void {
  writer.uint32((fields.graph.output << 3) | 2).fork();
  text(writer, fields.value.name, output.name);
  writer.uint32((fields.value.type << 3) | 2).fork();
  writer.uint32((fields.type.tensor << 3) | 2).fork();
  writer.uint32(fields.tensorType.elementType << 3).uint32(output.elementType);
  writer.ldelim().ldelim().ldelim();
}

/** A constant as an initializer of a graph, field and all; without `shape` it is a scalar. */
export function writeConstant(
  writer: protobuf.Writer,
  constant: { name: string; elementType: number; data: ArrayBufferView; shape?: readonly number[] },
): void {
  const { buffer, byteOffset, byteLength } = constant.data;
  writer.uint32((fields.graph.initializer << 3) | 2).fork();
  for (const size of constant.shape ?? []) writer.uint32(fields.tensor.dimension << 3).uint32(size);
  writer.uint32(fields.tensor.elementType << 3).uint32(constant.elementType);
  text(writer, fields.tensor.name, constant.name);
  writer.uint32((fields.tensor.rawData << 3) | 2).bytes(new Uint8Array(buffer, byteOffset, byteLength));
  writer.ldelim();
}

function text(writer: protobuf.Writer, field: number, value: string): void {
  writer.uint32((field << 3) | 2).string(value);
}

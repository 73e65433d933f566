// Read what a model file says of itself: the texts beside the graph in an .onnx file (docs/model-file.md).
// ONNX Runtime Web hands them to nobody, and a second copy of them in the folder could drift from the model.
// Knows nothing of graphs.

const METADATA = 14; // field `metadata_props` of onnx.proto's ModelProto; each holds 1: key, 2: value
const KEY = 1;
const VALUE = 2;

/** Give the metadata of an ONNX file, key to text. Throws where the bytes are no ONNX file. */
export function metadataOf(bytes) {
  const found = {};
  for (const [number, part] of fields(bytes)) {
    if (number !== METADATA) continue;
    const entry = Object.fromEntries(fields(part));
    found[text(entry[KEY])] = text(entry[VALUE]);
  }
  return found;
}

const text = (bytes) => new TextDecoder().decode(bytes);

/** Go through the fields of one protobuf message that have a length; numbers are passed over. */
function* fields(bytes) {
  let at = 0;
  const whole = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > Number.MAX_SAFE_INTEGER) throw new Error("not an ONNX file");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = whole();
    const kind = tag % 8; // how the field is stored
    if (kind === 0) whole();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = whole();
      if (at + length > bytes.length) throw new Error("a truncated ONNX file");
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
      at += length;
    } else throw new Error("not an ONNX file");
  }
}

// A GGUF cut into two parts, as llama.cpp's tools cut large models.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const sizes = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const [text_type, list_type, u16_type, i32_type] = [8, 9, 2, 5];

/** Reads a file from its beginning. */
class Cursor {
  constructor(bytes) { this.bytes = bytes; this.at = 0; }
  u32() { this.at += 4; return this.bytes.readUInt32LE(this.at - 4); }
  u64() { this.at += 8; return Number(this.bytes.readBigUInt64LE(this.at - 8)); }
  text() { const n = this.u64(); this.at += n; return this.bytes.toString('utf8', this.at - n, this.at); }
  skip(type) {
    if (type === text_type) this.text();
    else if (type !== list_type) this.at += sizes[type];
    else {
      const of = this.u32();
      for (let left = this.u64(); left > 0; --left) this.skip(of);
    }
  }
}

const u32 = (value) => { const b = Buffer.alloc(4); b.writeUInt32LE(value); return b; };
const u64 = (value) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(value)); return b; };
const text = (value) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const padded = (bytes, to) => Buffer.concat([bytes, Buffer.alloc((to - bytes.length % to) % to)]);
const number = (name, type, value) => {
  const bytes = Buffer.alloc(sizes[type]);
  bytes.writeUIntLE(value, 0, sizes[type]);
  return Buffer.concat([text(name), u32(type), bytes]);
};

/** {values, count, tensors: [{name, shape, kind, data}]} of a file; values are its bytes. */
function read(file) {
  const bytes = readFileSync(file);
  const cursor = new Cursor(bytes);
  cursor.at = 8;  // magic and version
  const tensor_count = cursor.u64();
  const count = cursor.u64();
  const begin = cursor.at;
  for (let i = 0; i < count; ++i) {
    if (cursor.text() === 'general.alignment') throw new Error('only the usual alignment');
    cursor.skip(cursor.u32());
  }
  const values = bytes.subarray(begin, cursor.at);
  const tensors = Array.from({ length: tensor_count }, () => {
    const name = cursor.text();
    const shape = Array.from({ length: cursor.u32() }, () => cursor.u64());
    return { name, shape, kind: cursor.u32(), offset: cursor.u64() };
  });
  const data = Math.ceil(cursor.at / 32) * 32;
  const ends = [...tensors.map(({ offset }) => offset), bytes.length - data].sort((a, b) => a - b);
  for (const tensor of tensors) {
    const end = ends.find((offset) => offset > tensor.offset);
    tensor.data = bytes.subarray(data + tensor.offset, data + end);
  }
  return { values, count, tensors };
}

function write(file, values, count, tensors) {
  let offset = 0;
  const infos = [];
  const data = [];
  for (const { name, shape, kind, data: bytes } of tensors) {
    infos.push(text(name), u32(shape.length), ...shape.map(u64), u32(kind), u64(offset));
    data.push(padded(bytes, 32));
    offset += data.at(-1).length;
  }
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(count), values,
    ...infos]);
  writeFileSync(file, Buffer.concat([padded(header, 32), ...data]));
}

/** Writes NAME-00001-of-00002.gguf and the other part into `folder`; the paths of both. */
export function split_in_two(model, folder, name) {
  const whole = read(model);
  const half = Math.ceil(whole.tensors.length / 2);
  return [whole.tensors.slice(0, half), whole.tensors.slice(half)].map((tensors, part) => {
    const file = path.join(folder, `${name}-0000${part + 1}-of-00002.gguf`);
    const split = [number('split.no', u16_type, part), number('split.count', u16_type, 2),
      number('split.tensors.count', i32_type, whole.tensors.length)];
    const values = Buffer.concat([...(part === 0 ? [whole.values] : []), ...split]);
    write(file, values, split.length + (part === 0 ? whole.count : 0), tensors);
    return file;
  });
}

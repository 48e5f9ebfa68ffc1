// SPDX-License-Identifier: MIT

/** The bytes of a uuencoded file (POSIX, uuencode): what is between its lines `begin` and `end`. */
export function uudecode(text: string): Buffer {
  const lines = text.split("\n");
  const begin = lines.findIndex((line) => line.startsWith("begin "));
  const end = lines.indexOf("end", begin);
  if (begin < 0 || end < 0) throw new Error("uudecode: expected lines begin and end");
  return Buffer.concat(lines.slice(begin + 1, end).map(decodeLine));
}

/** The first character gives the number of bytes in the line; each further one holds six bits. */
function decodeLine(line: string): Buffer {
  const [length = 0, ...values] = Buffer.from(line, "latin1").map((code) => (code - 32) & 63);
  const bytes = Buffer.alloc(Math.ceil(values.length / 4) * 3);
  for (let at = 0; at < values.length; at += 4) {
    const [a = 0, b = 0, c = 0, d = 0] = values.slice(at, at + 4);
    bytes.writeUIntBE((a << 18) | (b << 12) | (c << 6) | d, (at / 4) * 3, 3);
  }
  return bytes.subarray(0, length);
}
